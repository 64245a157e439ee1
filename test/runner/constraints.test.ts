/** The gates before a tool call: granted, not ended, a use left; counted once, on disk before the call. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GatedCall } from "../../src/agent/gate.ts";
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { ToolConstraint } from "../../src/config/types.ts";
import { hear } from "../../src/gateway/audit/events.ts";
import { grantEvent } from "../../src/runner/audit/events.ts";
import { constraintGates, type GrantUse } from "../../src/runner/constraints.ts";
import { openUses } from "../../src/runner/uses.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";

let directory: string;
let now: number;
let disk: Disk;
let heard: GrantUse[];
beforeEach(() => {
  heard = [];
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-uses-"));
  now = 1_000_000;
  disk = nodeDisk;
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const uses = () => path.join(directory, "uses.json");
const none: ToolConstraint = { perMinute: null, uses: null, until: null };

const agent = (shell: Partial<ToolConstraint>, tools = ["shell", "reply"]): AgentRuntime => ({
  version: 1,
  name: "desk",
  uid: 1,
  tier: "worker",
  model: "smart",
  inboxes: [],
  trustedUids: [],
  taskerUids: [],
  can: { task: [], read: [], write: [], network: [], tools, models: [] },
  constraints: { tools: { shell: { ...none, ...shell } }, until: {} },
  may: noMay,
  approval: [],
  budget: noBudget,
  limits: { memory: "2G", cpu: "200%", tasks: 64, runtimeSeconds: 60, steps: 10 },
  schedule: null,
  instructions: "",
  skills: [],
});

const gatesOf = (shell: Partial<ToolConstraint>, tools?: string[], task = "t") =>
  constraintGates(
    {
      disk,
      now: () => now,
      agent: agent(shell, tools),
      paths: { uses: uses() },
      tools: ["shell", "reply", "write_file"],
      heard: (use) => void heard.push(use),
    },
    task,
  );

const call = (callId: string, tool = "shell"): GatedCall => ({
  tool,
  args: {},
  callId,
  woken: null,
});

/** One call, as the loop makes it. */
async function made(gates: ReturnType<typeof gatesOf>, id: string, tool?: string) {
  const one = call(id, tool);
  return (await gates.check(one)) ?? (await gates.charge(one));
}

describe("a tool of a source", () => {
  const gates = (
    tools: string[],
    bounds: Readonly<Record<string, Partial<ToolConstraint>>> = {},
  ) => {
    const entries = Object.entries(bounds).map(([name, one]) => [name, { ...none, ...one }]);
    const constraints = { tools: Object.fromEntries(entries), until: {} };
    const world = { disk, now: () => now, agent: { ...agent({}, tools), constraints } };
    const heardUse = (use: GrantUse) => void heard.push(use);
    return constraintGates(
      { ...world, paths: { uses: uses() }, tools: ["shell"], heard: heardUse },
      "t",
    );
  };

  it("passes with a grant of it or of its category, and with no other", async () => {
    expect(await made(gates(["forged"]), "1-1", "forged.a")).toBeNull();
    expect(await made(gates(["forged.a"]), "1-1", "forged.a")).toBeNull();
    for (const tools of [[], ["forged.b"], ["mcp.files"]])
      expect((await made(gates(tools), "1-1", "forged.a"))?.denial).toMatchObject({
        code: "not_granted",
        asked: "tool forged.a",
      });
    const over = gates(["forged"], { forged: { until: now } });
    expect((await made(over, "1-1", "forged.a"))?.denial?.code).toBe("expired");
    const both = gates(["forged", "forged.a"], { forged: { until: now } });
    expect(await made(both, "1-1", "forged.a")).toBeNull();
  });

  it("counts for every grant that bounds it, so that new names are no new calls", async () => {
    const bounded = gates(["forged"], { forged: { uses: 2 }, "forged.a": { uses: 1 } });
    expect(await made(bounded, "1-1", "forged.a")).toBeNull();
    expect(heard.map(({ grant, left }) => `${grant} ${left}`)).toEqual([
      "tool forged 1",
      "tool forged.a 0",
    ]);
    const second = await bounded.charge(call("1-2", "forged.a"));
    expect(second?.denial?.rule).toContain("forged.a uses 1");
    // What was refused for one of them counted for none.
    expect(await made(bounded, "1-3", "forged.b")).toBeNull();
    expect((await made(bounded, "1-4", "forged.c"))?.denial?.code).toBe("used_up");
  });
});

describe("a call", () => {
  it("of a tool without bounds passes and costs no file", async () => {
    expect(await made(gatesOf({ uses: 1 }), "1-1", "reply")).toBeNull();
    expect(fs.existsSync(uses())).toBe(false);
  });

  it("of a tool that was not given says so, with the rule and how to get it", async () => {
    const result = await made(gatesOf({}), "1-1", "write_file");
    expect(result?.denial).toEqual({
      code: "not_granted",
      asked: "tool write_file",
      rule: "can.tools in /etc/con/agents.d/desk.yaml",
      how: "to get it, ask the sysadmin to amend desk: write_file in can.tools",
    });
    expect(result?.text).toContain("denied (not_granted): tool write_file; rule: can.tools");
    expect(result?.text).not.toContain("\n");
    expect(await made(gatesOf({}), "1-1", "no_such_tool")).toBeNull();
  });

  it("holds before the end of its grant and not at it, also when it was compiled away", async () => {
    now = 999;
    expect(await made(gatesOf({ until: 1000 }), "1-1")).toBeNull();
    now = 1000;
    for (const tools of [["shell"], []]) {
      const result = await made(gatesOf({ until: 1000 }, tools), "1-2");
      expect(result?.denial?.code).toBe("expired");
      expect(result?.denial?.rule).toContain("shell until 1970-01-01T00:00:01.000Z");
    }
  });

  it("is counted in all, over tasks and restarts, and durably before it is made", async () => {
    const synced: string[] = [];
    disk = {
      ...nodeDisk,
      sync: (fd) => {
        synced.push(fs.readlinkSync(`/proc/self/fd/${fd}`));
        nodeDisk.sync(fd);
      },
    };
    expect(await made(gatesOf({ uses: 2 }), "1-1")).toBeNull();
    expect(synced.some((name) => name.startsWith(uses()) || name.includes("uses.json"))).toBe(true);
    expect(await made(gatesOf({ uses: 2 }, undefined, "other"), "1-1")).toBeNull();
    const third = await made(gatesOf({ uses: 2 }), "1-2");
    expect(third?.denial).toMatchObject({ code: "used_up" });
    expect(third?.denial?.rule).toContain("uses 2, 2 used");
    // Amended: the count goes on.
    expect(await made(gatesOf({ uses: 3 }), "1-3")).toBeNull();
    expect((await made(gatesOf({ uses: 3 }), "1-4"))?.denial?.code).toBe("used_up");
    expect(fs.statSync(uses()).mode & 0o777).toBe(0o600);
  });

  it("is counted per minute, and says when the next one may come", async () => {
    const gates = gatesOf({ perMinute: 2 });
    expect(await made(gates, "1-1")).toBeNull();
    now += 20_000;
    expect(await made(gates, "1-2")).toBeNull();
    now += 20_000;
    const third = await made(gates, "1-3");
    expect(third?.denial?.code).toBe("rate");
    expect(third?.denial?.how).toContain("in 20 s");
    now += 20_000;
    expect(await made(gates, "1-4")).toBeNull();
    expect((await made(gates, "1-5"))?.denial?.code).toBe("rate");
  });

  it("is not shut out for ever by a clock that was set back", async () => {
    const gates = gatesOf({ perMinute: 1 });
    expect(await made(gates, "1-1")).toBeNull();
    now -= 30_000;
    expect((await made(gates, "1-2"))?.denial?.code).toBe("rate");
    now -= 900_000;
    expect(await made(gates, "1-3")).toBeNull();
    expect((await made(gates, "1-4"))?.denial?.code).toBe("rate");
  });

  it("counts once however often its gate is asked, and is checked again after it waited", async () => {
    const gates = gatesOf({ uses: 1, until: 2_000_000 });
    expect(await gates.check(call("1-1"))).toBeNull();
    expect(await gates.check(call("1-1"))).toBeNull();
    expect(fs.existsSync(uses())).toBe(false);
    expect(await gates.charge(call("1-1"))).toBeNull();
    expect(await made(gates, "1-1")).toBeNull();
    expect((await made(gates, "1-2"))?.denial?.code).toBe("used_up");
    now = 2_000_000;
    expect((await gates.charge(call("1-1")))?.denial?.code).toBe("expired");
  });

  it.each([
    ["text", "not json"],
    ["null", "null"],
    ["another version", '{"version":2,"counters":{},"counted":[]}'],
    [
      "a count that is none",
      '{"version":1,"counters":{"tool:shell":{"total":"0","recent":[]}},"counted":[]}',
    ],
    ["a count without times", '{"version":1,"counters":{"tool:shell":{"total":0}},"counted":[]}'],
  ])("is refused where the count is damaged: %s", async (_, text) => {
    fs.writeFileSync(uses(), text);
    expect((await made(gatesOf({ uses: 5 }), "1-1"))?.denial?.code).toBe("undecided");
    expect(fs.readFileSync(uses(), "utf8")).toBe(text);
    expect(await made(gatesOf({ uses: 5 }), "1-1", "reply")).toBeNull();
  });

  it("is refused where it cannot be counted: the disk is full", async () => {
    disk = {
      ...nodeDisk,
      write: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
    };
    expect((await made(gatesOf({ uses: 5 }), "1-1"))?.denial?.code).toBe("undecided");
  });
});

it("an agent that may ask for grants is told that it can, every other one whom to ask", async () => {
  const ask = { ...agent({ until: 5 }, ["request_grant"]), may: { ...noMay, request: ["grant"] } };
  const tools = ["shell", "request_grant"];
  const world = { disk, now: () => now, paths: { uses: uses() }, tools };
  const how = async (of: AgentRuntime) =>
    (await constraintGates({ ...world, agent: of }, "t").check(call("1-1")))?.denial?.how;
  expect(await how(ask)).toBe("to get it, call request_grant, and a person decides: a later until");
  const others = [
    { ...ask, may: noMay },
    { ...ask, can: { ...ask.can, tools: [] } },
  ];
  for (const of of others) expect(await how(of)).toContain("ask the sysadmin to amend desk");
});

describe("the audit trail", () => {
  it("hears each use that counts, with what is left, and again what is asked again", async () => {
    const gates = gatesOf({ uses: 2 });
    await made(gates, "1-1");
    await made(gates, "1-2", "reply");
    await made(gates, "2-1");
    // A crash between the count and the call: the same call is asked again.
    await made(gatesOf({ uses: 2 }), "2-1");
    expect((await made(gates, "3-1"))?.denial?.code).toBe("used_up");
    expect(heard).toEqual([
      { grant: "tool shell", callId: "1-1", use: 1, left: 1 },
      { grant: "tool shell", callId: "2-1", use: 2, left: 0 },
      { grant: "tool shell", callId: "2-1", use: 2, left: 0 },
    ]);
  });

  it("hears of a rate without a number of uses, and takes what it hears", async () => {
    await made(gatesOf({ perMinute: 5 }), "7-3");
    expect(heard).toEqual([{ grant: "tool shell", callId: "7-3", use: 1, left: null }]);
    for (const left of [null, 4]) {
      const event = { ...grantEvent("t", { ...heard[0], left } as GrantUse), n: 1 };
      const sent: unknown = JSON.parse(JSON.stringify({ ...event, stream: "0123456789abcdef" }));
      expect(hear(sent)).toMatchObject({
        record: { kind: "grant", task: "t", step: 7, index: 3, grant: "tool shell", use: 1 },
      });
    }
  });
});

it("whatever comes, no more is used than was granted, in all and in any minute", () => {
  const step = fc.record({ wait: fc.nat(70_000), amount: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(step, { maxLength: 25 }),
      (perMinute, most, steps) => {
        fs.rmSync(uses(), { force: true });
        const limits = { perMinute, uses: most };
        const taken: { at: number; amount: number }[] = [];
        let at = 0;
        for (const [n, { wait, amount }] of steps.entries()) {
          at += wait;
          const use = { key: "tool:x", limits, now: at, by: `${n}`, amount };
          const looked = openUses(nodeDisk, uses()).look(use);
          const verdict = openUses(nodeDisk, uses()).take(use);
          expect(looked).toEqual(verdict);
          if (verdict.kind === "free") taken.push({ at, amount });
          const sum = (all: typeof taken) => all.reduce((total, one) => total + one.amount, 0);
          expect(sum(taken)).toBeLessThanOrEqual(most);
          const minute = taken.filter((one) => one.at > at - 60_000);
          expect(sum(minute)).toBeLessThanOrEqual(perMinute);
          const fits = sum(taken) + amount <= most && sum(minute) + amount <= perMinute;
          if (verdict.kind !== "free") expect(fits).toBe(false);
        }
      },
    ),
    { numRuns: 40 },
  );
});
