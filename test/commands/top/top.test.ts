import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseUnits } from "../../../src/commands/shared/units.ts";
import { look, type World } from "../../../src/commands/top/look.ts";
import type { Screen } from "../../../src/commands/top/screen.ts";
import type { Turn } from "../../../src/commands/top/types.ts";
import { run } from "../../../src/commands/top.ts";
import { openDailyChain } from "../../../src/system/daily-chain.ts";
import { type Disk, nodeDisk } from "../../../src/system/disk.ts";
import { exit } from "../../../src/system/errors.ts";
import { failure, makeIo, makeSystem, type TestSystem } from "../support.ts";

const task = "0190a000-0000-7000-8000-000000000001";
const noon = Date.UTC(2027, 0, 31, 12);

const units = (states: Readonly<Record<string, string>>) =>
  parseUnits(JSON.stringify(Object.entries(states).map(([unit, active]) => ({ unit, active }))));

function world(rest: Partial<World> = {}): World {
  return {
    disk: nodeDisk,
    ask: async () => null,
    now: () => noon,
    meters: () => () => ({ cpu_usec: null, memory_bytes: null }),
    machine: () => ({
      ...{ load: [1, 2, 3], cores: 2, memory_bytes: 1000, memory_available_bytes: 400 },
    }),
    ...rest,
  };
}

const working = world({
  ask: async () =>
    units({ "con-ready.target": "active", "con@ada.service": "active", "con@bob.path": "active" }),
});

const installed = ({ runtime }: TestSystem) => ({ runtime, dev: false });

test("gathers what each agent does, by folders, units, counters and the record", async () => {
  const system = makeSystem(["bob", "ada"]);
  system.put(`agents/ada/queue/active/${task}.task`, "x");
  for (const name of ["agents/ada/inbox/b.task", "inbox/a.task"]) system.put(name, "x");
  const audit = join(system.root, "logs/audit/agents");
  fs.mkdirSync(audit, { recursive: true });
  const chain = openDailyChain(nodeDisk, audit, "agents", { mode: 0o640, now: () => noon });
  chain.write([{ kind: "tool-call", name: "shell", agent: "ada", uid: 1, task, at: "x" }]);
  chain.close();
  let clock = noon;
  let used = 1_000_000;
  const watched: World = {
    ...working,
    now: () => clock,
    meters: () => (name) => ({ cpu_usec: name === "ada" ? used : null, memory_bytes: 5 }),
  };
  const { turn: first, after } = await look(watched, installed(system), null);
  const [ada, bob] = first.agents;
  expect(ada).toMatchObject({
    ...{ name: "ada", state: "working", step: "shell", pending: 1, active: 1 },
    ...{ task: { id: task }, cpu_usec: 1_000_000, cpu_pct: null, memory_bytes: 5 },
  });
  const since = Date.parse(ada?.task?.since ?? "");
  expect(Math.abs(since - Date.now())).toBeLessThan(3_600_000);
  expect(bob).toMatchObject({
    ...{ name: "bob", state: "waiting", task: null, step: null, pending: 1, memory_bytes: null },
  });
  expect(first.totals).toMatchObject({ agents: 2, working: 1, pending: 2, active: 1, held: 0 });
  [clock, used] = [noon + 2000, 2_500_000];
  const { turn: second, after: then } = await look(watched, installed(system), after);
  expect(second.agents[0]).toMatchObject({ cpu_usec: 2_500_000, cpu_pct: 75 });
  [clock, used] = [noon + 4000, 100];
  const { turn: restarted } = await look(watched, installed(system), then);
  expect(restarted.agents[0]).toMatchObject({ cpu_usec: 100, cpu_pct: null });
});

test("what the caller may not see is unknown, and the task that the record names stands in", async () => {
  const system = makeSystem(["ada"]);
  const denied = (): never => {
    throw Object.assign(new Error("no"), { code: "EACCES" });
  };
  const list: Disk["list"] = (path) => (/queue|audit/.test(path) ? denied() : nodeDisk.list(path));
  const disk: Disk = { ...nodeDisk, list, find: denied };
  const { turn } = await look({ ...working, disk }, installed(system), null);
  expect(turn.agents).toMatchObject([
    { state: "working", active: null, deferred: null, pending: 0, task: null, step: null },
  ]);
  expect(turn.totals).toMatchObject({ active: null, held: null, pending: 0 });
  expect(turn.spend).toBeNull();
});

test("where systemd does not answer, nobody knows what runs", async () => {
  const { turn } = await look(world(), installed(makeSystem(["ada"])), null);
  expect(turn).toMatchObject({ system: { state: "unknown" }, agents: [{ state: "unknown" }] });
});

test.each(["", "[1]", '[{"active":"x"}]', "{}", "no json"])("%j is no list of units", (text) => {
  expect(parseUnits(text)).toBeNull();
});

const noScreen = (): never => {
  throw new Error("must not be opened");
};

test.each([
  ["no terminal", [], {}],
  ["--once on a terminal", ["--once"], { terminal: { out: true, err: true } }],
  ["a terminal that knows no places", [], { terminal: { out: true, err: true }, env: "dumb" }],
])("%s: one table, and that is all", async (_, argv, { env, ...rest }: Record<string, unknown>) => {
  const { root } = makeSystem(["ada"]);
  const { io, out } = makeIo(root, rest);
  const asked = env === undefined ? io : { ...io, env: { ...io.env, TERM: "dumb" } };
  expect(await run([...argv], asked, world(), noScreen)).toBe(exit.ok);
  expect(out()).toMatch(/NO ISOLATION.*\n\nAGENT +STATE .*\nada +/);
});

test("--json is one object; with --interval, one on a line each turn until stopped", async () => {
  const { root } = makeSystem(["ada", "bob"]);
  const one = makeIo(root);
  expect(await run(["--json", "--once"], one.io, world(), noScreen)).toBe(exit.ok);
  expect(JSON.parse(one.out())).toMatchObject({
    at: new Date(noon).toISOString(),
    halted: null,
    machine: { load: [1, 2, 3], cores: 2, memory_bytes: 1000 },
    agents: [{ name: "ada" }, { name: "bob" }],
  });
  const stream = makeIo(root);
  let lines = 0;
  const out = (text: string): void => {
    stream.io.out(text);
    lines += 1;
    if (lines === 2) stream.interrupt();
  };
  expect(await run(["--json", "-n1"], { ...stream.io, out }, world(), noScreen)).toBe(exit.ok);
  const turns = stream.out().trimEnd().split("\n");
  expect(turns.map((line) => (JSON.parse(line) as Turn).agents.length)).toEqual([2, 2]);
});

test("a terminal is drawn upon, and q ends it", async () => {
  const { root } = makeSystem(["ada"]);
  const { io, out } = makeIo(root, { terminal: { out: true, err: true } });
  const drawn: string[] = [];
  let [quit, closed] = [(): void => undefined, 0];
  const screen: Screen = {
    room: () => ({ columns: 30, rows: 8 }),
    draw: (text) => {
      drawn.push(text);
      quit();
    },
    onResize: () => undefined,
    onQuit: (act) => {
      quit = act;
    },
    close: () => {
      closed += 1;
    },
  };
  expect(await run([], io, world(), () => screen)).toBe(exit.ok);
  expect([drawn.length, closed, out()]).toEqual([1, 1, ""]);
  expect(drawn[0]).toContain("NO ISOLATION");
});

test.each([
  [["-n", "0"], "--interval"],
  [["-n", "x"], "--interval"],
  [["-n", "86401"], "more than a day"],
  [["--once", "-n", "2"], "--once has no interval"],
])("%j is 64", async (argv, why) => {
  const { io } = makeIo(makeSystem().root);
  const error = await failure(() => run([...argv], io, world(), noScreen));
  expect([error.code, error.message]).toEqual([exit.usage, expect.stringContaining(why)]);
});
