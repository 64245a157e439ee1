/** More money for a task, through the whole steward: who may ask, what people see, what the gateway is told. */
import { rmSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { ApprovalRule } from "../../src/config/types.ts";
import { readApproval } from "../../src/steward/approvals/store.ts";
import { subjectInWords } from "../../src/steward/approvals/words.ts";
import { submit } from "../../src/steward/ask.ts";
import type { Requester } from "../../src/steward/policy.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import { allowAt } from "../../src/steward/spending.ts";
import type { SpendWish, StewardRequest } from "../../src/steward/types.ts";
import type { Allowance } from "../../src/steward/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { ConError, exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { temporaryRoot } from "../spool/support/fixture.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import { about, answersIn, makePlaces, makeWorld, newMachine, type Parts } from "./support.ts";

const parse = createParser();
const id = (count: number): string => newId(count, () => new Uint8Array(10));
const people = {
  desk: { uid: 20_000, name: "a-desk", kind: "agent" },
  drone: { uid: 20_001, name: "a-drone", kind: "agent" },
  trent: { uid: 1000, name: "trent", kind: "trusted" },
  tess: { uid: 1001, name: "tess", kind: "trusted" },
} as const satisfies Record<string, Requester>;
type Person = keyof typeof people;

const task = id(7);
const spendRule = { tool: "spend", approvers: 1, expirySeconds: 60 };

/** Agent desk is asked after each half a dollar; drone was spawned by desk, for that very task. */
function bed(rules: readonly ApprovalRule[] = [spendRule]) {
  const places = makePlaces();
  const machine = newMachine();
  const told: Allowance[] = [];
  const gateway = { away: false, refuses: null as string | null };
  const limits = { askUsdPerTask: 0.5 as number | null };
  const as = (who: Person, parts: Parts = {}) => {
    const base = makeWorld(places, machine, { disk: quickDisk, ...parts });
    const own = process.getuid?.() ?? 0;
    return {
      ...base,
      requester: (uid: number) =>
        uid === own
          ? people[who]
          : (Object.values(people).find((one) => one.uid === uid) ?? people[who]),
      runtime: (agent: string) =>
        ({
          approval: rules,
          may: {
            ...noMay,
            request: ["pause", "kill_session"],
            grant: { ...noMay.grant, task: ["*"] },
          },
          budget: agent === "desk" ? { ...noBudget, ...limits } : noBudget,
          can: { tools: [] },
        }) as unknown as AgentRuntime,
      spending: {
        allow: async (allowance: Allowance) => {
          parts.before?.("allow");
          if (gateway.away) throw new ConError(exit.tryLater, "gateway", "away", "wait");
          if (gateway.refuses === null) told.push(allowance);
          return gateway.refuses;
        },
        payersOf: (agent: string) => (agent === "drone" ? [{ name: "desk", task }] : []),
        hasTask: (agent: string, wanted: string) => wanted === (agent === "desk" ? task : id(8)),
      },
    };
  };
  const stored = (one: string) => readApproval(nodeDisk, places.approvals, one);
  const answerTo = (one: string) => answersIn(places).find((answer) => answer.id === one) ?? null;
  return {
    ...{ places, machine, told, gateway, limits, as, stored, answerTo },
    async say(who: Person, request: StewardRequest, given = newId(Date.now(), nextBytes)) {
      submit(quickDisk, request, { places, id: given });
      const code = await serve(as(who), parse);
      return { code, answer: answerTo(given), given };
    },
  };
}

let counter = 0;
const nextBytes = (count: number): Uint8Array => {
  counter += 1;
  return Uint8Array.from({ length: count }, (_, at) => (at === 0 ? counter : counter >> 8));
};

const wish = (rest: Partial<SpendWish> = {}): SpendWish => ({
  ...{ agent: "desk", task, unit: "usd", slice: 1 },
  ...rest,
});

const question = (spend: SpendWish | undefined = wish(), rest: object = {}): StewardRequest => ({
  ...{ version: 1, verb: "ask_approval", tool: "spend", why: "", incident: null },
  ...{ arguments_sha256: "a".repeat(64), arguments_bytes: 10, preview: "Count the stars." },
  ...{ task, call: "2-model", expires: "2099-01-01T00:00:00.000Z" },
  ...(spend && { spend }),
  ...rest,
});

const word = (verb: "approve" | "deny", approval: string, why = ""): StewardRequest => ({
  ...{ version: 1, verb, approval, why, incident: null },
});

describe("asked", () => {
  test("amounts, people and time are the manifest's, and the gateway hears of it before the agent", async () => {
    const { say, stored, told, answerTo } = bed([{ ...spendRule, approvers: 2 }]);
    expect((await say("desk", question(), id(1))).answer).toBeNull();
    const asked = stored(id(1));
    expect(asked).toMatchObject({
      needed: 2,
      subject: { kind: "spend", limit: 0.5, allowed: 0, slice: 1, amount: 0.5, beyond: 0.5 },
    });
    const span = Date.parse(asked?.expires ?? "") - Date.parse(asked?.asked ?? "");
    expect(span).toBeLessThanOrEqual(60_000);
    if (asked !== null)
      expect(subjectInWords(asked)).toBe(
        `spend another 0.50 USD (beyond 0.50 USD) on task ${task}`,
      );
    await say("trent", word("approve", id(1)));
    expect([told, answerTo(id(1))]).toEqual([[], null]);
    const { answer } = await say("tess", word("approve", id(1)));
    expect(answer).toMatchObject({ status: "done" });
    expect(told).toEqual([{ agent: "desk", task, unit: "usd", slices: 1 }]);
    expect(answerTo(id(1))).toMatchObject({ status: "done", changes: ["approved by trent, tess"] });
  });

  test("the next amount goes on from what was agreed to", async () => {
    const { say, stored, told } = bed();
    await say("desk", question(), id(1));
    await say("trent", word("approve", id(1)));
    await say("desk", question(wish({ slice: 3 })), id(2));
    expect(stored(id(2))).toMatchObject({ subject: { allowed: 1, amount: 1, beyond: 1 } });
    await say("trent", word("approve", id(2)));
    expect(told.map(({ slices }) => slices)).toEqual([1, 3]);
    // Asked once more for what was agreed to: nobody is asked, and the gateway is told again.
    const again = await say("desk", question(wish({ slice: 2 })), id(3));
    expect(again.answer).toMatchObject({ status: "done" });
    expect(told).toHaveLength(3);
  });

  test("denied: nothing is told, and the reason is in the answer", async () => {
    const { say, told, answerTo } = bed();
    await say("desk", question(), id(1));
    await say("trent", word("deny", id(1), "too dear"));
    expect(answerTo(id(1))).toMatchObject({
      status: "refused",
      error: "denied by trent: too dear",
    });
    expect(told).toEqual([]);
  });

  test("for its ancestor's task by an agent that was spawned for it", async () => {
    const { say, stored, told } = bed();
    await say("drone", question(wish(), { task: id(8) }), id(1));
    expect(stored(id(1))).toMatchObject({ agent: "drone", subject: { agent: "desk", task } });
    await say("trent", word("approve", id(1)));
    expect(told).toEqual([{ agent: "desk", task, unit: "usd", slices: 1 }]);
  });
});

describe("refused", () => {
  test.each<[string, Person, StewardRequest, string]>([
    ["no amount", "desk", { ...question(), spend: undefined } as never, "is missing"],
    ["another's task", "drone", question(wish({ agent: "drone" }), { task: id(8) }), "not drone's"],
    [
      "a task that it has not",
      "desk",
      question(wish({ task: id(9) }), { task: id(9) }),
      "has no task",
    ],
    ["one task for another", "desk", question(wish({ task: id(9) })), "not desk's to ask for"],
    ["a stranger's", "desk", question(wish({ agent: "drone", task: id(8) })), "not desk's"],
    ["a unit without a limit", "desk", question(wish({ unit: "tokens" })), "waits for nobody"],
    ["too many amounts", "desk", question(wish({ slice: 101 })), "more than 100 times"],
    ["a person", "trent", question(), "need not ask"],
  ])("%s", async (_, who, request, why) => {
    const { say, stored, told } = bed();
    const { answer } = await say(who, request, id(1));
    expect(answer).toMatchObject({ status: "refused", error: expect.stringContaining(why) });
    expect([stored(id(1)), told]).toEqual([null, []]);
  });

  test("a number of its own for people or time", async () => {
    const { say, stored } = bed([{ ...spendRule, approvers: 3 }]);
    await say("desk", question(wish(), { approvers: 1 }), id(1));
    expect(stored(id(1))?.needed).toBe(3);
  });

  test("by an agent that approves its own wish, or for another agent", async () => {
    const { say, told, stored } = bed();
    await say("desk", question(), id(1));
    for (const who of ["desk", "drone"] as const)
      expect((await say(who, word("approve", id(1)))).answer?.status).toBe("refused");
    expect(told).toEqual([]);
    expect(stored(id(1))).toMatchObject({ state: "pending" });
  });
});

describe("the gateway", () => {
  test("is away: the word waits and is told later, and nobody hears of it before", async () => {
    const { say, gateway, told, answerTo, as, stored } = bed();
    await say("desk", question(), id(1));
    gateway.away = true;
    const first = await say("trent", word("approve", id(1)), id(2));
    expect([first.code, first.answer, answerTo(id(1))]).toEqual([exit.tryLater, null, null]);
    expect(stored(id(1))).toMatchObject({ state: "approved", settled: false });
    gateway.away = false;
    expect(await serve(as("trent"), parse)).toBe(exit.ok);
    expect(told).toHaveLength(1);
    expect(answerTo(id(2))).toMatchObject({ status: "done" });
    expect(answerTo(id(1))).toMatchObject({ status: "done" });
  });

  test("refuses for good: the agent is told so, and people too", async () => {
    const { say, gateway, answerTo } = bed();
    gateway.refuses = "the gateway answered 404: no agent";
    await say("desk", question(), id(1));
    const { answer } = await say("trent", word("approve", id(1)));
    expect(answer?.changes.join()).toContain("spend failed");
    expect(answerTo(id(1))?.error).toMatch(/approved by trent, but .*404: no agent/);
  });

  test("is told nothing when the manifest has another limit by then", async () => {
    const { say, limits, told, answerTo } = bed();
    await say("desk", question(), id(1));
    limits.askUsdPerTask = 500;
    await say("trent", word("approve", id(1)));
    expect(told).toEqual([]);
    expect(answerTo(id(1))).toMatchObject({ status: "failed" });
  });
});

test("killed at every step of an approval: allowed and answered once, in this order", async () => {
  const live = async (last: number) => {
    const { as, places, told, answerTo, stored } = bed();
    submit(quickDisk, question(), { places, id: id(1) });
    await serve(as("desk"), parse);
    submit(quickDisk, word("approve", id(1)), { places, id: id(2) });
    const { disk, step, steps } = mortal(last, () => new Crash());
    let early = false;
    await serve(as("trent", { disk, before: step }), parse).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      early = answerTo(id(1)) !== null && told.length === 0;
    });
    expect(await serve(as("trent"), parse)).toBe(exit.ok);
    return { early, steps: steps(), told, answer: answerTo(id(1)), state: stored(id(1)) };
  };
  const whole = await live(Number.POSITIVE_INFINITY);
  expect(whole.steps).toBeGreaterThan(15);
  for (let last = 1; last <= whole.steps; last += 1) {
    const { early, told, answer, state } = await live(last);
    expect([last, early, answer?.status]).toEqual([last, false, "done"]);
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(state).toMatchObject({ state: "approved", settled: true });
  }
});

describe("conditions on requests to the steward itself", () => {
  const only = (when: ApprovalRule["when"]): ApprovalRule[] => [
    { tool: "control_agent", approvers: 1, expirySeconds: 60, ...(when && { when }) },
  ];
  test.each([
    [{ action: { globs: ["pause"] } }, true],
    [{ action: { globs: ["kill"] } }, false],
    [{ action: { globs: ["kill", "p*"] }, agent: { globs: ["drone"] } }, true],
    [{ action: { globs: ["p*"] }, agent: { globs: ["scribe"] } }, false],
    [{ nothing: { globs: ["x"] } }, true],
  ])("%j: a pause of drone waits: %s", async (when, waits) => {
    const { say, machine } = bed(only(when));
    const { answer } = await say("desk", about("pause", "drone"), id(1));
    expect([answer === null, machine.running.has("drone")]).toEqual([waits, waits]);
  });

  test("a kill is a call with action kill, whoever drops it", async () => {
    const { say, stored } = bed(only({ action: { globs: ["kill"] } }));
    await say("desk", about("kill_session", "drone"), id(1));
    expect(stored(id(1))).toMatchObject({ state: "pending" });
  });

  test("of several rules for a tool the runner says which, and cannot say less than one of them", async () => {
    const rules = [1, 2].map((approvers) => ({
      ...{ tool: "shell", approvers, expirySeconds: 60 },
      when: { command: { globs: [`${approvers}*`] } },
    }));
    const { say, stored } = bed(rules);
    const ask = (approvers: number | undefined, given: string) =>
      say("desk", question(undefined, { tool: "shell", spend: undefined, approvers }), given);
    for (const [approvers, needed] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [undefined, 2],
    ] as const) {
      const given = id(10 + needed + (approvers ?? 0) * 10);
      await ask(approvers, given);
      expect([approvers, stored(given)?.needed]).toEqual([approvers, needed]);
    }
  });
});

describe("over the socket", () => {
  async function listening(status: number, body: string) {
    const socket = join(temporaryRoot(), "gateway.sock");
    const heard: string[] = [];
    const server = http.createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => {
        text += part.toString();
      });
      request.on("end", () => {
        heard.push(`${request.method} ${request.url} ${text}`);
        if (status === 0) request.socket.destroy();
        else response.writeHead(status).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    return { socket, heard };
  }
  const wanted: Allowance = { agent: "desk", task, unit: "usd", slices: 2 };

  test("the body is what was allowed", async () => {
    const { socket, heard } = await listening(200, '{"slices":2}');
    expect(await allowAt(socket, wanted)).toBeNull();
    expect(heard).toEqual([`POST /con/allow ${JSON.stringify(wanted)}`]);
  });

  test.each([503, 500, 429, 0])("%i is for later", async (status) => {
    const { socket } = await listening(status, '{"error":{"message":"busy"}}');
    await expect(allowAt(socket, wanted)).rejects.toMatchObject({ code: exit.tryLater });
  });

  test.each([400, 403, 404])("%i is for good, with its reason", async (status) => {
    const { socket } = await listening(status, '{"error":{"message":"no such agent"}}');
    expect(await allowAt(socket, wanted)).toBe(`the gateway answered ${status}: no such agent`);
  });

  test("nobody there is for later", async () => {
    const { socket } = await listening(200, "");
    rmSync(socket);
    await expect(allowAt(socket, wanted)).rejects.toMatchObject({ code: exit.tryLater });
  });
});
