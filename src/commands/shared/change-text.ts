/**
 * A proposed change as people see it: where it comes from, what was tried, and the difference. Pure.
 *
 * Every line of a proposed text is indented behind its mark and folded, so none can pass for one of con's own.
 */
import type { Proposed } from "../../steward/approvals/types.ts";
import type { TaskOrigin } from "../../steward/types.ts";
import { type DiffLine, diffLines } from "./line-diff.ts";
import { safeLine } from "./text.ts";

export interface ShownChange extends Proposed {
  readonly target: string;
  readonly why: string;
  readonly origin: TaskOrigin;
}

export function changeText({ target, why, sha256, tested, origin, files }: ShownChange): string {
  const head = [
    `target   ${target}`,
    `why      ${why}`,
    ...originText(origin),
    `sha256   ${sha256} (agent, target and files)`,
    ...tested.map((line) => `tried    ${line}`),
  ];
  return `${[...head.map(safeLine), ...files.flatMap(fileText)].join("\n")}\n`;
}

function originText({ task, call, from, trust, tainted }: TaskOrigin): string[] {
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

/** With its mark, a line fits any terminal: one that wraps by itself would begin at the edge, as con's own do. */
const columns = 72;
const tabColumns = 8;

function folded(line: string): string[] {
  const parts = [""];
  let width = 0;
  for (const character of line) {
    const needed = widthOf(character);
    if (width + needed > columns) {
      parts.push("");
      width = 0;
    }
    parts.push(`${parts.pop() ?? ""}${character}`);
    width += needed;
  }
  return parts;
}

/** At most so many columns: what may be two wide counts as two. */
function widthOf(character: string): number {
  if (character === "\t") return tabColumns;
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
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
    const parts = folded(shown);
    return [...gap, ...parts.map((part, index) => `  ${kind}${index === 0 ? " " : "~"}${part}`)];
  });
}
