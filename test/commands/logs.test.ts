import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { journalArguments, run } from "../../src/commands/logs.ts";
import { type ChainRecord, openChain } from "../../src/system/chain.ts";
import { openDailyChain } from "../../src/system/daily-chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

test("journalctl gets an argument list, nothing else", () => {
  expect(journalArguments("concierge", 20, false)).toEqual([
    ..."journalctl --unit con@concierge.service --lines 20 --no-pager".split(" "),
  ]);
  expect(journalArguments(null, 5, true)).toEqual([
    ..."journalctl --unit con@* --unit con-* --lines 5 --follow".split(" "),
  ]);
});

test("a development directory has no journal, and an unknown agent no log", async () => {
  const { root } = makeSystem();
  const attach = () => Promise.reject(new Error("must not be called"));
  expect((await failure(() => run([], makeIo(root).io, attach))).code).toBe(exit.unavailable);
  const named = await failure(() => run(["$(id)"], makeIo(root).io, attach));
  expect(named.code).toBe(exit.badInput);
});

const never = () => Promise.reject(new Error("must not be called"));
const day = 86_400_000;
const noon = Date.UTC(2027, 0, 31, 12);

/** A system in which two agents did something on two days, and the steward too. */
function recorded(): { readonly root: string; readonly agents: string } {
  const { root } = makeSystem();
  const agents = join(root, "logs/audit/agents");
  fs.mkdirSync(agents, { recursive: true });
  let now = noon;
  const chain = openDailyChain(nodeDisk, agents, "agents", { mode: 0o640, now: () => now });
  const add = (agent: string, record: ChainRecord): void =>
    void chain.write([{ ...record, agent, uid: 1, at: new Date(now).toISOString() }]);
  add("concierge", {
    kind: "task",
    task: "T-1",
    state: "claimed",
    from: "x\u001b[2J",
    from_uid: 5,
  });
  add("sysadmin", { kind: "denied", task: "T-2", code: "rate", asked: "shell", rule: "r" });
  now += day;
  add("concierge", { kind: "task", task: "T-1", state: "done" });
  chain.close();
  const steward = openChain(nodeDisk, join(root, "logs/audit/actions.jsonl"), 0o640);
  steward.append([{ event: "begins", id: "R" }]);
  steward.close();
  return { root, agents };
}

describe("--audit", () => {
  test("tells the latest of what agents did, of one or of all, and drives no terminal", async () => {
    const { root } = recorded();
    const one = makeIo(root);
    expect(await run(["--audit", "concierge"], one.io, never)).toBe(exit.ok);
    expect(one.out()).toContain("concierge [T-1] task claimed, from x\\u001b[2J (uid 5");
    expect(one.out()).not.toMatch(/\u001b|sysadmin/);
    const all = makeIo(root);
    await run(["--audit", "-n", "2", "--json"], all.io, never);
    const { events } = JSON.parse(all.out()) as { events: ChainRecord[] };
    expect(events.map(({ seq, kind }) => [seq, kind])).toEqual([
      [5, "day-begins"],
      [6, "task"],
    ]);
  });

  test("of an agent that is not there any more is still told", async () => {
    const { io, out } = makeIo(recorded().root);
    expect(await run(["--audit", "gone"], io, never)).toBe(exit.ok);
    expect(out()).toBe("");
  });
});

describe("--verify", () => {
  const verify = async (root: string, statePath?: string) => {
    const { io, out } = makeIo(root);
    const code = await run(["--verify"], io, never, statePath);
    return { code, lines: out().trimEnd().split("\n") };
  };

  test("says of each record that it is whole", async () => {
    const { code, lines } = await verify(recorded().root, "/nowhere/state.json");
    expect(code).toBe(exit.ok);
    expect(lines).toEqual([
      expect.stringMatching(/^agents \(what agents did\): ok: 6 lines, none changed/),
      expect.stringMatching(/^steward \(.*\): ok: 1 lines, none changed/),
      expect.stringMatching(/^contracts \(.*\): none yet/),
    ]);
  });

  test("names file and line of an edit on an old day", async () => {
    const { root, agents } = recorded();
    const file = join(agents, "agents-2027-01-31.jsonl");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"rate"', '"held"'));
    const { code, lines } = await verify(root, "/nowhere/state.json");
    expect(code).toBe(exit.no);
    expect(lines[0]).toContain(`broken: ${file}, line 3: `);
  });

  test("misses lines that were cut off at the end, where it is known", async () => {
    const { root, agents } = recorded();
    const file = join(agents, "agents-2027-02-01.jsonl");
    const [first = "", last = ""] = fs.readFileSync(file, "utf8").split("\n");
    const { seq, hash } = JSON.parse(last) as { seq: number; hash: string };
    const memory = { "CON-LOG-001/logs_chain": { agents: { seq, hash }, past: null } };
    const state = join(root, "state.json");
    const rest = { results: [], incidents: [], counters: { escalations: 0, actions: {} } };
    const whole = {
      version: 1,
      lastStarted: {},
      memory,
      historyHead: null,
      summary: null,
      ...rest,
    };
    fs.writeFileSync(state, JSON.stringify(whole));
    expect((await verify(root, state)).code).toBe(exit.ok);
    fs.writeFileSync(file, `${first}\n`);
    expect(await verify(root, state)).toMatchObject({
      code: exit.no,
      lines: [
        expect.stringContaining("records 6 to 6 are cut off"),
        expect.anything(),
        expect.anything(),
      ],
    });
    expect((await verify(root, "/nowhere/state.json")).code).toBe(exit.ok);
  });
});

test("options that do not go together are said", async () => {
  const { root } = recorded();
  for (const argv of [["--audit", "--verify"], ["--json"], ["--audit", "-f"]])
    expect((await failure(() => run(argv, makeIo(root).io, never))).code).toBe(exit.usage);
});
