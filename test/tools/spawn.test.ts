import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { maxBatch } from "../../src/host/children/types.ts";
import { createParser } from "../../src/steward/request.ts";
import type { Spawning } from "../../src/tools/desks.ts";
import { shell } from "../../src/tools/shell.ts";
import { spawnAgent, spawnAgents, withRoles } from "../../src/tools/spawn.ts";
import type { Tool, ToolContext } from "../../src/tools/tool.ts";
import { createWorld } from "./support/world.ts";

const now = Date.parse("2030-01-01T00:00:00Z");
const parse = createParser();

function bed(rest: Partial<Spawning> = {}, change: Partial<ToolContext> = {}) {
  const asked: { request: object; callId: string; wait: unknown }[] = [];
  const given: unknown[] = [];
  const world = createWorld({
    now: () => now,
    spawning: {
      refusal: null,
      carried: { thread: "talk", hops: 2, via: ["front"] },
      giveAway: (calls, callId) => {
        given.push([calls, callId]);
        return null;
      },
      ...rest,
    },
    steward: async (request, callId, wait) => {
      asked.push({ request, callId, wait });
      return { ok: true, id: "the-id" };
    },
    ...change,
  });
  const run = async (tool: Tool, args: Record<string, unknown>) => {
    expect(new Ajv2020({ strict: true }).validate(tool.parameters, args)).toBe(true);
    const result = await world.run(tool, args);
    world.remove();
    return result;
  };
  return { asked, given, run };
}

const child = { role: "scout", goal: "look" };
const whole = {
  ...child,
  prior_findings: "it is cold",
  can: { read: ["/srv/con/artifacts/x"] },
  share: { shell: 2 },
  usd: 0.5,
  tokens: 1000,
};

test("asks once for all, in a request that the steward takes, and holds a while longer than they have", async () => {
  const { asked, given, run } = bed();
  const result = await run(spawnAgents, {
    children: [child, whole, { ...child, share: { shell: 3, reply: 1 } }],
    timeout: "30min",
  });
  expect(given).toEqual([[{ shell: 5, reply: 1 }, "1-1"]]);
  expect(asked).toHaveLength(1);
  const { request, wait } = asked[0] ?? { request: {}, wait: null };
  expect(request).toMatchObject({
    verb: "spawn",
    call: "1-1",
    ...{ thread: "talk", hops: 2, via: ["front"] },
    deadline: "2030-01-01T00:30:00.000Z",
    children: [
      { role: "scout", goal: "look", findings: null, can: {}, share: {}, usd: null, tokens: null },
      { findings: "it is cold", can: whole.can, share: { shell: 2 }, usd: 0.5, tokens: 1000 },
      { share: { shell: 3, reply: 1 } },
    ],
  });
  const file = JSON.stringify({ version: 1, incident: null, ...request });
  expect(parse(Buffer.from(file))).toMatchObject({ ok: true });
  expect(wait).toEqual({ until: now + 35 * 60_000, why: "temporary agents: scout, scout, scout" });
  expect(result).toMatchObject({
    ok: true,
    hold: { waitFor: ["the-id"], until: now + 35 * 60_000 },
  });
});

test("one child has an hour if nothing else is said", async () => {
  const { asked, run } = bed();
  await run(spawnAgent, whole);
  expect(asked[0]?.request).toMatchObject({ deadline: "2030-01-01T01:00:00.000Z" });
  expect([spawnAgent.repeatable, spawnAgents.repeatable]).toEqual([true, true]);
});

test.each<[string, ReturnType<typeof bed>, string]>([
  ["too long a wait", bed(), "timeout 25h is none"],
  ["a task that came too far", bed({ refusal: "too far" }), "too far"],
  ["an agent that may not", bed({}, { spawning: undefined as never }), "no temporary agents"],
  ["no steward", bed({}, { steward: undefined as never }), "no steward here"],
  [
    "a share that it has not",
    bed({ giveAway: () => ({ code: "used_up", asked: "tool shell", rule: "r", how: "h" }) }),
    "denied (used_up)",
  ],
])("%s: nobody is asked", async (_, { asked, run }, why) => {
  const timeout = why.startsWith("timeout") ? { timeout: "25h" } : {};
  const result = await run(spawnAgent, { ...child, ...timeout });
  expect([result.ok, result.hold]).toEqual([false, undefined]);
  expect(result.text).toContain(why);
  expect(asked).toEqual([]);
});

test("tool, steward and records agree on how many there may be at once", () => {
  const order = { ...child, findings: null, can: {}, share: {}, usd: null, tokens: null };
  const takes = (count: number): boolean[] => {
    const children = Array.from({ length: count }, () => child);
    const request = {
      ...{ version: 1, verb: "spawn", why: "", incident: null, call: "1-1", thread: null },
      ...{ task: "01900000-0000-7000-8000-000000000000", hops: 0, via: [] },
      deadline: "2030-01-01T00:00:00.000Z",
      children: children.map(() => order),
    };
    return [
      new Ajv2020({ strict: true }).validate(spawnAgents.parameters, { children }),
      parse(Buffer.from(JSON.stringify(request))).ok,
    ];
  };
  const all = [0, 1, maxBatch, maxBatch + 1].map(takes);
  expect(all).toEqual([false, true, true, false].map((one) => [one, one]));
});

test("its description lists the roles that the agent has, and no other tool's does", () => {
  const roles = [
    { name: "scout", description: "looks" },
    { name: "smith", description: "makes" },
  ];
  expect(withRoles(spawnAgents, roles).description).toMatch(
    /\nThe roles:\n- scout: looks\n- smith: makes$/,
  );
  expect(withRoles(shell, roles)).toBe(shell);
});
