/**
 * Changes the code of tasks, spool, plan and policy on purpose, one place at a time, and counts the changes that the
 * unit tests notice. Survivors are listed with the reason that test/proof/survivors.md has for them, or as unexplained.
 * At a smaller scale: a share of the files of each area. What did not change since the last run is not tried again.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure, Part, PartContext } from "../part.ts";
import { type Area, areas } from "../support/mutation-areas.ts";
import { type Reason, readReasons, reasonFor } from "../support/mutation-reasons.ts";
import { type Survivor, score, type Tally, tally } from "../support/mutation-report.ts";
import { filesOf, mutate } from "../support/mutation-stryker.ts";

const asked = 80;

/** Repeatable with the seed: which files of an area stand for it at a smaller scale. */
export function share(files: readonly string[], seed: number, scale: number): string[] {
  const count = Math.max(1, Math.ceil(files.length * scale));
  const from = seed % files.length;
  return [...files.slice(from), ...files.slice(0, from)].slice(0, count).sort();
}

function figures({ name }: Area, { noticed, slow, tried, survivors }: Tally, unexplained: number) {
  const value = score({ noticed, tried });
  return [
    { what: `${name}: changes tried`, value: tried, target: "at least 1", ok: tried > 0 },
    { what: `${name}: noticed`, value, unit: "%", target: `at least ${asked}`, ok: value >= asked },
    { what: `${name}: of these, because a test did not end`, value: slow, ok: true },
    { what: `${name}: lived`, value: survivors.length, ok: true },
    { what: `${name}: lived, unexplained`, value: unexplained, target: "0", ok: unexplained === 0 },
  ] satisfies Figure[];
}

function sentence({ file, line, was, became, unseen }: Survivor, why: string): string {
  const place = `${file}:${line}${unseen ? " (no test of the area runs it)" : ""}`;
  return `${place}: ${short(was)} => ${short(became)}: ${why}`;
}

const short = (text: string): string => (text.length > 90 ? `${text.slice(0, 87)}...` : text);

async function one(area: Area, reasons: readonly Reason[], context: PartContext) {
  const files = share(filesOf(area), context.seed, context.scale);
  const found = tally(await mutate(area, files, context.progress));
  const explained = found.survivors.map((one) => ({ one, why: reasonFor(one, reasons)?.why }));
  return {
    figures: figures(area, found, explained.filter(({ why }) => why === undefined).length),
    notes: explained.map(({ one, why }) => sentence(one, why ?? "unexplained")),
  };
}

export const part: Part = {
  name: "mutation",
  claim:
    "the unit tests notice at least 80 % of the changes made on purpose to the code of tasks, spool, plan and policy, and every other is explained",
  async run(context) {
    const text = readFileSync(join(import.meta.dirname, "../survivors.md"), "utf8");
    const reasons = readReasons(text);
    const results = [];
    for (const area of areas) results.push(await one(area, reasons, context));
    return {
      figures: results.flatMap(({ figures: some }) => some),
      notes: [
        ...results.flatMap(({ notes }) => notes),
        "Only unit tests of the area itself are asked; what tests in a booted container would notice counts as unnoticed.",
        "Constants that are made when a module is loaded are not changed (ignoreStatic of StrykerJS).",
        "A change whose code and tests are as they were in an earlier run is counted as it ended then; without .cache/mutation all are tried.",
      ],
    };
  },
};
