/** Every unit of ours has a row, every point of it a reason, and docs/exposure.md says so. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { page } from "./document.ts";
import measured from "./measured.json" with { type: "json" };
import { reasonFor } from "./reasons.ts";
import { agentUnits, mostForAgents } from "./types.ts";

const repository = join(import.meta.dirname, "../..");

test("docs/exposure.md is written from what was measured", () => {
  expect(readFileSync(join(repository, "docs/exposure.md"), "utf8")).toBe(page());
});

test("every service in units/ was measured", () => {
  const services = readdirSync(join(repository, "units")).filter((name) =>
    name.endsWith(".service"),
  );
  expect([...new Set(measured.map(({ unit }) => unit))].sort()).toEqual(services.sort());
});

test("every point has a reason", () => {
  const silent = measured.flatMap(({ unit, points }) =>
    points
      .filter(({ field }) => reasonFor(unit, field) === null)
      .map(({ field }) => `${unit} ${field}`),
  );
  expect(silent).toEqual([]);
});

test("units of agents stay below the bound; only a granted network lifts one above", () => {
  const above = measured.filter(
    ({ unit, exposure }) => agentUnits.includes(unit) && exposure > mostForAgents,
  );
  expect(above.map(({ unit, kind }) => [unit, kind])).toEqual([
    ["con@.service", "with a network grant"],
  ]);
  const network = new Set(["PrivateNetwork", "RestrictAddressFamilies_AF_INET_INET6"]);
  for (const { points, exposure } of above) {
    const granted = points.filter(({ field }) => network.has(field));
    const sum = granted.reduce((total, one) => total + one.exposure, 0);
    expect(exposure - sum).toBeLessThanOrEqual(mostForAgents);
  }
});
