import { expect, test } from "vitest";
import { withState } from "../../src/commands/agent/list.ts";
import { run } from "../../src/commands/agent.ts";
import { heldBy } from "../../src/commands/shared/held.ts";
import { noHolds } from "../../src/config/holds.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

test("list has every key that it had, and state and held", async () => {
  const { root } = makeSystem(["desk"]);
  const { io, out } = makeIo(root);
  expect(await run(["list", "--json"], io)).toBe(exit.ok);
  const { agents } = JSON.parse(out());
  expect(Object.keys(agents[0]).sort()).toEqual(
    [
      ...["name", "uid", "tier", "description", "model", "schedule", "wake", "parent"],
      ...["state", "held"],
    ].sort(),
  );
  expect(agents[0]).toMatchObject({ name: "desk", held: null });
  const plain = makeIo(root);
  await run(["list"], plain.io);
  expect(plain.out()).toMatch(/^AGENT +TIER +STATE +MODEL +SCHEDULE +DESCRIPTION\ndesk +worker +/);
});

test.each([
  [["con@desk.service"], "running"],
  [["con@desk.path"], "idle"],
  [[], "stopped"],
])("with the active units %j it is %s", async (active, state) => {
  const { runtime } = makeSystem(["desk"]);
  const ask = async () => new Map(active.map((unit) => [unit, { active: "active" }]));
  expect(await withState({ runtime, dev: false }, runtime.agents, ask)).toMatchObject([{ state }]);
});

test("show: an unknown agent is 65 with the known names", async () => {
  const { root } = makeSystem(["desk"]);
  const error = await failure(() => run(["show", "dusk"], makeIo(root).io));
  expect(error).toMatchObject({ code: exit.badInput, remedy: "the agents are: desk" });
});

const hold = {
  version: 1,
  at: "2027-01-01T00:00:00.000Z",
  by: { uid: 0, name: "root" },
  why: "because",
  incident: null,
} as const;
const desk = makeEntry("worker");

function makeEntry(tier: "worker" | "officer") {
  const rest = { description: "", model: "fast", schedule: null, wake: "path" } as const;
  return { name: "desk", uid: 20_000, tier, ...rest };
}

test("held says who, why and the exact command that ends it", () => {
  const paused = { ...hold, kind: "paused" } as const;
  const halted = { ...hold, kind: "halted" } as const;
  expect(heldBy(noHolds, desk)).toBeNull();
  expect(heldBy({ ...noHolds, agents: new Map([["desk", paused]]) }, desk)).toEqual({
    ...{ kind: "paused", by: "root", at: hold.at, why: "because" },
    undo: "con agent resume desk",
  });
  expect(heldBy({ ...noHolds, allWorkers: halted }, desk)).toMatchObject({ undo: "con resume" });
  expect(heldBy({ ...noHolds, allWorkers: halted }, makeEntry("officer"))).toBeNull();
});

test.each([
  [["pause"], "missing required argument"],
  [["pause", "a", "b"], "too many arguments"],
  [["pause", "desk", "--timeout", "0"], "is not a number"],
  [["puse", "desk"], "there is no con agent puse"],
])("con agent %j is 64", async (argv, why) => {
  const { root } = makeSystem(["desk"]);
  const error = await failure(() => run(argv, makeIo(root).io));
  expect([error.code, error.why]).toEqual([exit.usage, expect.stringContaining(why)]);
});

test.each(["pause", "resume", "kill", "quarantine"])("con agent %s", async (verb) => {
  const { root } = makeSystem(["desk"]);
  const help = makeIo(root);
  expect(await run([verb, "--help"], help.io)).toBe(exit.ok);
  expect(help.out()).toContain(`Usage: con agent ${verb} [options] <name>`);
  expect(help.out()).toContain(`Example:\n  con agent ${verb} concierge`);
  const error = await failure(() => run([verb, "desk"], makeIo(root).io));
  expect(error).toMatchObject({ code: exit.unavailable, what: `con agent ${verb}` });
  expect(error.why).toContain("con dev");
});
