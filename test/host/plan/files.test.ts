/** Files that are compiled and copied: for whom, and who may run them. */
import { expect, test } from "vitest";
import type { Fact } from "../../../src/host/facts.ts";
import { plan } from "../../../src/host/plan.ts";
import { text } from "./facts.ts";
import { deployedBy, hamlet, refused } from "./hamlet.ts";

const modes = (facts: readonly Fact[], below: string) =>
  Object.fromEntries(
    facts.flatMap((fact) =>
      fact.kind === "file" && fact.path.startsWith(below)
        ? [[fact.path.slice(below.length), fact.mode]]
        : [],
    ),
  );

test("scripts of contracts can be run, contracts cannot", () => {
  const contracts = new Map(
    ["up.yaml", "scripts/up.sh", "scripts.yaml"].map((name) => [name, Buffer.from("")]),
  );
  const { facts } = plan(hamlet({}, { contracts }));
  expect(modes(facts, "/srv/con/contracts/")).toEqual({
    ...{ "up.yaml": 0o644, "scripts/up.sh": 0o755, "scripts.yaml": 0o644 },
  });
});

test("an agent gets files of its own when its manifest is good and its instructions are assembled", () => {
  const boris = "tier: worker\n";
  const deployed = [deployedBy(plan(hamlet({ agents: { boris } })).facts, "boris")];
  const agents = { anna: "tier: worker\n", boris: refused };
  const assembled = new Map(
    ["desk", "boris"].map((name) => [name, { text: `# ${name}\n`, skills: [] }]),
  );
  const { facts } = plan(hamlet({ agents }, { assembled, deployed }));
  expect(modes(facts, "/var/lib/con/compiled/agents/")).toEqual({
    ...{ "desk.json": 0o640, "desk/AGENTS.md": 0o640 },
  });
});

test("a temporary agent takes work from its parent, as long as that has a number", () => {
  const agents = { anna: "tier: worker\n" };
  const taskers = (parent: string) => {
    const children = new Map([["anna", { parent, task: "t" }]]);
    const { facts } = plan(hamlet({ agents }, { children }));
    return JSON.parse(text(facts, "/agents/anna.json")).taskerUids as number[];
  };
  expect(taskers("desk")).toEqual([20_000]);
  expect(taskers("gone")).toEqual([]);
});
