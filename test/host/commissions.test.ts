import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import {
  type Commission,
  childrenOf,
  readCommissions,
  withChildren,
} from "../../src/host/commissions.ts";

const commission = (
  agent: string,
  by: string | null,
  retired: string | null = null,
): Commission => ({
  version: 1,
  agent,
  by: { uid: 20_000, name: `a-${by}`, agent: by },
  request: "r",
  at: "2027-01-01T00:00:00.000Z",
  retired,
});

function config() {
  const manifest = (name: string): string => `name: ${name}\ntier: worker\ndescription: x\n`;
  const { config: parsed } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: desk}\nmodels: {fast: [builtin/reflex]}\n",
    },
    agents: ["desk", "scribe", "clerk"].map((name) => ({
      path: `${name}.yaml`,
      text: manifest(name),
    })),
  });
  if (parsed === null) throw new Error("no configuration");
  return parsed;
}

test("an agent may task those that it commissioned, as long as they are there", () => {
  const known = new Map(
    [
      commission("scribe", "desk"),
      commission("clerk", null),
      commission("gone", "desk", "then"),
    ].map((one) => [one.agent, one]),
  );
  const task = (name: string) =>
    withChildren(config(), known).agents.find((one) => one.name === name)?.can.task;
  expect(task("desk")).toEqual(["scribe"]);
  expect(task("scribe")).toEqual([]);
  const retired = new Map([["scribe", commission("scribe", "desk", "then")]]);
  expect(withChildren(config(), retired)).toEqual(config());
  expect(childrenOf("desk", config().agents, retired)).toEqual([]);
});

test("a damaged record, or one of another name, makes nobody anybody's", () => {
  const directory = mkdtempSync(join(tmpdir(), "con-commissions-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "scribe.json"), '{"version":1,');
  writeFileSync(join(directory, "clerk.json"), JSON.stringify(commission("scribe", "desk")));
  writeFileSync(join(directory, "desk.json"), JSON.stringify(commission("desk", "scribe")));
  writeFileSync(join(directory, ".x.json.tmp-0"), "");
  const known = readCommissions(directory);
  expect([...known].map(([name, { by }]) => [name, by.agent]).sort()).toEqual([
    ["clerk", null],
    ["desk", "scribe"],
    ["scribe", null],
  ]);
  expect(readCommissions(join(directory, "none")).size).toBe(0);
});
