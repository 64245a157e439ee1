import { expect, test } from "vitest";
import { stateOf } from "../../src/commands/shared/overview.ts";
import { parseUnits } from "../../src/commands/shared/units.ts";
import { run } from "../../src/commands/status.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

test("counts the folders of every agent and says that there is no isolation", async () => {
  const { root, put, settle } = makeSystem();
  put("inbox/a.task", "a");
  put("inbox/.open-b.task", "b");
  put("agents/concierge/inbox/c.task", "c");
  put("agents/sysadmin/queue/deferred/d.task", "d");
  settle("sysadmin", "e", "e");
  const { io, out } = makeIo(root);
  expect(await run([], io)).toBe(exit.ok);
  expect(out()).toContain("NO ISOLATION");
  expect(out()).toMatch(/concierge +worker +stopped +2 +0 +0 +0 +0 +0 +-/);
  const json = makeIo(root);
  await run(["sysadmin", "--json"], json.io);
  expect(JSON.parse(json.out())).toMatchObject({
    system: { name: "test", root, front_desk: "concierge", isolation: "none" },
    agents: [{ name: "sysadmin", pending: 0, deferred: 1, answered: 1, state: "stopped" }],
  });
});

test("an unknown agent is 65 with the known names", async () => {
  const { root } = makeSystem();
  const error = await failure(() => run(["x"], makeIo(root).io));
  expect([error.code, error.remedy]).toEqual([
    exit.badInput,
    "the agents are: concierge, sysadmin",
  ]);
});

const shown = (units: Readonly<Record<string, string>>) => {
  const list = Object.entries(units).map(([unit, active]) => ({ unit, active, load: "loaded" }));
  return parseUnits(JSON.stringify(list));
};

test.each([
  [{ "con@a.service": "active", "con@a.path": "active" }, "working"],
  [{ "con@a.service": "inactive", "con@a.path": "active" }, "waiting"],
  [{ "con@a.service": "inactive", "con-bell@a.socket": "active" }, "waiting"],
  [{ "con@a.service": "failed", "con@a.path": "active" }, "failed"],
  [{ "con@a.service": "inactive", "con@a.path": "failed" }, "failed"],
  [{ "con@a.service": "inactive", "con@a.path": "inactive" }, "stopped"],
  [{ "con@b.service": "active" }, "stopped"],
])("systemctl list-units %o means %s", (units, state) => {
  expect(stateOf(shown(units), "a")).toBe(state);
});

test("where systemd does not answer, nobody knows", () => {
  expect(stateOf(null, "a")).toBe("unknown");
});
