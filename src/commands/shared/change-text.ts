/**
 * A proposed change as people see it: where it comes from, what was tried, and the difference. Pure.
 *
 * Every line of a proposed text is indented behind its mark, so none can pass for one of con's own.
 */
import type { Proposed } from "../../steward/approvals/types.ts";
import type { Origin, ProposalRecord } from "../../steward/proposals/record.ts";
import { type DiffLine, diffLines } from "./line-diff.ts";
import { safeLine } from "./text.ts";

export interface ShownChange extends Proposed {
  readonly target: string;
  readonly why: string;
  readonly origin: ProposalRecord["origin"];
}

export function changeText({ target, why, sha256, tested, origin, files }: ShownChange): string {
  const head = [
    `target   ${target}`,
    `why      ${why}`,
    ...(origin === null ? [] : originText(origin)),
    `sha256   ${sha256} (agent, target and files)`,
    ...tested.map((line) => `tried    ${line}`),
  ];
  return `${[...head.map(safeLine), ...files.flatMap(fileText)].join("\n")}\n`;
}

function originText({ task, call, from, trust, tainted }: Origin): string[] {
  const read = tainted ? "HAS READ WORDS OF STRANGERS" : "has read no words of strangers";
  return [
    `task     ${task}, call ${call}`,
    `origin   given by ${from} (${trust}); ${read}, as its runner says`,
  ];
}

function fileText({ path, before, after }: Proposed["files"][number]): string[] {
  const what = before === null ? "new file" : after === null ? "goes" : "changed";
  const lines = near(diffLines(before ?? "", after ?? ""));
  return ["", safeLine(`${path} (${what}):`), ...lines];
}

const around = 3;

/** What stays is shown only near to what does not. */
function near(lines: readonly DiffLine[]): string[] {
  const wanted = new Set<number>();
  for (const [at, { kind }] of lines.entries())
    if (kind !== " ") for (let i = at - around; i <= at + around; i += 1) wanted.add(i);
  let last = -1;
  return lines.flatMap(({ kind, text }, at) => {
    if (!wanted.has(at)) return [];
    const gap = at === last + 1 ? [] : [`  @ line ${at + 1}`];
    last = at;
    const shown = text.split("\t").map(safeLine).join("\t");
    return [...gap, `  ${kind} ${shown}`];
  });
}
