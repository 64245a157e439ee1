/** The text of docs/proof.md, from the results that are kept and from what was written by hand. Pure. */
import { isMet, type Kept } from "./kept.ts";
import type { Figure } from "./part.ts";
import { planned } from "./plan.ts";

export function page(kept: readonly Kept[], found: string): string {
  const missing = planned.filter(({ name }) => !kept.some((one) => one.name === name));
  return `${[
    ...opening(kept, missing.length),
    ...inOrder(kept).flatMap(section),
    ...(missing.length === 0 ? [] : notRun(missing)),
    "## What failed on the way, and what was mended",
    "",
    found.trim(),
  ].join("\n")}\n`;
}

function opening(kept: readonly Kept[], missing: number): string[] {
  const count = kept.filter(isMet).length;
  const missed = kept.length - count;
  return [
    "# The proof",
    "",
    "Written by `make proof` (test/proof); do not edit. Each part says of which commit, seed and machine its figures are.",
    "`make proof PARTS=NAME SEED=N` makes a part's run again. How fast con is and how it grows",
    "is measured by `make bench`: [performance.md](performance.md).",
    "",
    `Of the parts that were run, ${count} met every target, ${missed} did not; ${missing} have not been run.`,
    "",
    "| part | result | scale | commit | date |",
    "| --- | --- | --- | --- | --- |",
    ...inOrder(kept).map((one) =>
      row([one.name, verdict(one), `${one.scale}`, commit(one), one.date.slice(0, 10)]),
    ),
    "",
  ];
}

function section(one: Kept): string[] {
  const facts = Object.entries(one.machine).map(([key, value]) => `${key} ${value}`);
  return [
    `## ${one.name}`,
    "",
    ...(one.claim === "" ? [] : [plain(one.claim), ""]),
    ...(one.result === null
      ? [`It came to no result: ${plain(one.failure ?? "for a reason that is not known")}`, ""]
      : [...table(one.result.figures), "", ...one.result.notes.map((note) => `- ${plain(note)}`)]),
    ...(one.result !== null && one.result.notes.length > 0 ? [""] : []),
    `Commit ${commit(one)}, seed ${one.seed}, scale ${one.scale}${one.scale < 1 ? " (not the full size)" : ""}, ${one.seconds} s; ${facts.map(plain).join(", ")}.`,
    "",
  ];
}

const table = (figures: readonly Figure[]): string[] => [
  "| figure | value | asked | |",
  "| --- | ---: | --- | --- |",
  ...figures.map(({ what, value, unit, target, ok }) =>
    row([
      what,
      `${shown(value)}${unit === undefined ? "" : ` ${unit}`}`,
      target ?? "",
      target === undefined && ok ? "" : ok ? "met" : "**missed**",
    ]),
  ),
];

const notRun = (missing: typeof planned): string[] => [
  "## Not run",
  "",
  ...missing.map(({ name, asks }) => `- ${name}: ${asks}`),
  "",
];

const verdict = (one: Kept): string => {
  if (one.result === null) return "**no result**";
  const missed = one.result.figures.filter(({ ok }) => !ok).length;
  return isMet(one) ? "met" : `**${missed} missed**`;
};

const commit = (one: Kept): string => `${one.commit}${one.clean ? "" : " and changes"}`;

const shown = (value: number | string): string =>
  typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : value;

/** Parts read what others wrote: it stays in its cell and on its line. */
const plain = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").trim();

const row = (cells: readonly string[]): string =>
  `|${cells.map((cell) => (cell === "" ? " " : ` ${plain(cell)} `)).join("|")}|`;

function inOrder(kept: readonly Kept[]): Kept[] {
  const place = (name: string) => {
    const index = planned.findIndex((one) => one.name === name);
    return index < 0 ? planned.length : index;
  };
  return [...kept].sort((a, b) => place(a.name) - place(b.name) || (a.name < b.name ? -1 : 1));
}
