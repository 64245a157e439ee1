/** Writes docs/exposure.md from what test/image/exposure.test.ts measured: `node test/exposure/document.ts >FILE`. */
import measured from "./measured.json" with { type: "json" };
import { reasonFor } from "./reasons.ts";
import { agentUnits, type Measured, mostForAgents } from "./types.ts";

export function page(units: readonly Measured[] = measured): string {
  return `${[
    "# How exposed the units are",
    "",
    "Written by `node test/exposure/document.ts >docs/exposure.md` from test/exposure/measured.json, which",
    "test/image/exposure.test.ts compares with `systemd-analyze security` in a booted container; do not edit. 0 is best, 10 is a",
    "unit without any directive. systemd counts directives; what holds against an attack is tried in [attacks.md](attacks.md).",
    "",
    `Units that run as agents are to stay at or below ${mostForAgents}. The one above is that of an agent whose manifest grants`,
    "addresses: a network of its own would take those away, and systemd counts that as 0.8.",
    "",
    "After a change of a unit: `vitest run --project image test/image/exposure.test.ts -u`, then the command above.",
    "",
    "| unit | exposure | |",
    "| --- | ---: | --- |",
    ...units.map((one) => `| ${one.unit} | ${one.exposure.toFixed(1)} | ${note(one)} |`),
    "",
    ...units.flatMap(section),
  ].join("\n")}`;
}

const note = ({ unit, kind }: Measured): string =>
  [kind, agentUnits.includes(unit) ? "runs as an agent" : ""]
    .filter((part) => part !== "")
    .join("; ");

function section({ unit, kind, exposure, points }: Measured): string[] {
  return [
    `## ${unit}${kind === "" ? "" : `: ${kind}`}, ${exposure.toFixed(1)}`,
    "",
    "| without | counts | why |",
    "| --- | ---: | --- |",
    ...reasons(unit, points),
    "",
  ];
}

/** Points with one reason share a row. */
function reasons(unit: string, points: Measured["points"]): string[] {
  const rows = Map.groupBy(points, ({ field }) => reasonFor(unit, field) ?? "**not explained**");
  return [...rows].map(([why, these]) => {
    const sum = these.reduce((total, { exposure }) => total + exposure, 0);
    return `| ${these.map(({ field }) => field).join(", ")} | ${sum.toFixed(1)} | ${why} |`;
  });
}

if (import.meta.main) process.stdout.write(page());
