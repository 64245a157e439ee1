/** The cascade on a real disk: who is answered from what, what is learned, and what is left behind. */
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeLines, type JournalLine } from "../../src/agent/journal.ts";
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Cascade } from "../../src/config/types.ts";
import { writeOutcomes } from "../../src/contract/outcomes.ts";
import type { ModelRequest, StreamModel } from "../../src/model/types.ts";
import { createAttempt } from "../../src/runner/attempt.ts";
import type { AttemptWorld } from "../../src/runner/attempt-world.ts";
import { openStore } from "../../src/runner/cascade/store.ts";
import { cascadePath } from "../../src/runner/cascade.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { createLog } from "../../src/system/log.ts";
import type { Outcome, Task } from "../../src/task/task.ts";
import { builtinTools } from "../../src/tools/registry.ts";
import { aTask, call, countingTool, validateWithAjv } from "../agent/support/scripted.ts";

let root: string;
let handbook: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "con-cascade-")));
  handbook = path.join(root, "artifacts/handbook");
  fs.mkdirSync(handbook, { recursive: true });
  for (const part of ["inbox", "queue/held", "workspace", "state", "tools"])
    fs.mkdirSync(path.join(root, "agents/desk", part), { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const off: Cascade = {
  reflex: false,
  cache: null,
  documents: null,
  route: null,
  escalate: false,
  learn: false,
};
const cached: Cascade = {
  ...off,
  cache: { exact: true, semantic: 0.95, ttlSeconds: 3600, max: 200 },
};

const agentWith = (cascade: Cascade | null, change: Partial<AgentRuntime> = {}): AgentRuntime => ({
  version: 1,
  name: "desk",
  uid: 1,
  tier: "operator",
  model: "smart",
  inboxes: [],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: {
    task: [],
    read: [handbook],
    write: [],
    network: [],
    tools: ["read_file", "agents", "shell"],
    models: ["fast", "expert"],
  },
  limits: {
    memory: "2G",
    cpu: "200%",
    tasks: 64,
    runtimeSeconds: 60,
    steps: 10,
    reviewEvery: 100,
    askAfter: 300,
  },
  schedule: null,
  instructions: "",
  skills: [],
  ...(cascade === null ? {} : { cascade }),
  ...change,
});

/** Numbers its answers, so that one which comes again shows. */
function countingModel(turns: Partial<Record<string, unknown>> = {}) {
  const requests: ModelRequest[] = [];
  const model: StreamModel = async function* (request) {
    requests.push(request);
    const isFirst = !request.messages.some(({ role }) => role === "assistant");
    const toolCalls = isFirst ? ((turns["calls"] ?? []) as []) : [];
    const text =
      toolCalls.length > 0 ? "" : `This is answer number ${requests.length} of the model.`;
    const usage = { input: 10, output: 5 };
    yield { kind: "reply", reply: { text, toolCalls, model: request.model, usage, costUsd: 1 } };
  };
  return { model, requests };
}

let clock = Date.parse("2026-01-01T00:00:00Z");

function deskWith(
  cascade: Cascade | null,
  model: StreamModel,
  change: Partial<AttemptWorld> & { readonly agent?: AgentRuntime } = {},
) {
  const attempt = createAttempt({
    disk: nodeDisk,
    now: () => clock,
    randomBytes: (count) => randomBytes(count),
    mailboxOf: (name) => ({ inbox: agentPaths(root, name).inbox, bell: null }),
    log: createLog(() => undefined),
    system: {
      ...{ version: 1, name: "test", root, frontDesk: "desk", gateway: "/nowhere" },
      ...{ agents: [], models: ["smart"] },
    },
    agent: agentWith(cascade),
    paths: agentPaths(root, "desk"),
    model,
    tools: builtinTools(),
    validate: validateWithAjv(builtinTools()),
    clock: {
      now: () => clock,
      deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    },
    instructions: "Be kind.",
    isolation: "bwrap",
    ...change,
  });
  return (task: Task): Promise<Outcome> =>
    attempt(task, { signal: new AbortController().signal, attempts: 1 });
}

const from = (uid: number): Partial<Task> => ({
  from: { uid, name: `user-${uid}`, agent: null },
  trust: uid === 0 || uid === 7 ? "verified" : "unverified",
});
const taskOf = (text: string, uid = 0, change: Partial<Task> = {}): Task =>
  aTask(text, { id: randomUUID(), ...from(uid), ...change });

const answerOf = (outcome: Outcome): string =>
  "answer" in outcome ? outcome.answer : outcome.kind;
const linesOf = (task: Task): readonly JournalLine[] => {
  const file = path.join(agentPaths(root, "desk").journal, `${task.id}.jsonl`);
  const decoded = decodeLines(fs.readFileSync(file, "utf8"));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines;
};
const looksOf = (task: Task): string[] =>
  linesOf(task).flatMap((line) =>
    line.kind === "cascade" ? [`${line.layer} ${line.verdict}`] : [],
  );
const database = () => cascadePath(agentPaths(root, "desk"));

const question = "What is the capital of France called?";

describe("the cache", () => {
  it("answers the same principal once more without the model, and nobody else", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    const first = await give(taskOf(question));
    const again = taskOf(question, 7);
    expect(await give(again)).toMatchObject({
      kind: "done",
      answer: answerOf(first),
      tally: { model: "cache/exact", costUsd: 0 },
    });
    expect(looksOf(again)).toEqual(["exact hit"]);
    expect(requests).toHaveLength(1);
    const stranger = taskOf(question, 1000);
    await give(stranger);
    expect(looksOf(stranger)).toEqual(["exact miss", "semantic miss"]);
    await give(taskOf(question, 1001));
    expect(requests).toHaveLength(3);
    expect(fs.statSync(database()).mode & 0o777).toBe(0o600);
  });

  it("answers a text that is like it, and none that asks for something else", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    const alike = taskOf("what is the capital of france called");
    await give(alike);
    expect(looksOf(alike)).toEqual(["exact miss", "semantic hit"]);
    await give(taskOf("What is the capital of Norway called?"));
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["other instructions", { instructions: "Be rude." }],
    [
      "other tools",
      { agent: () => agentWith(cached, { can: { ...agentWith(null).can, tools: [] } }) },
    ],
  ])("forgets with %s", async (_, change) => {
    const { model, requests } = countingModel();
    await deskWith(cached, model)(taskOf(question));
    const { agent, ...rest } = change as { agent?: () => AgentRuntime };
    const world = agent === undefined ? rest : { agent: agent() };
    await deskWith(cached, model, world)(taskOf(question));
    expect(requests).toHaveLength(2);
  });

  it("does not tell one trusted person who another is", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    for (const uid of [0, 7, 0]) await give(taskOf("Who am I, for you?", uid));
    expect(requests).toHaveLength(2);
  });

  it("forgets with time, and by number", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    clock += 3_600_000;
    await give(taskOf(question));
    expect(requests).toHaveLength(2);
    const small = deskWith(
      { ...cached, cache: { exact: true, semantic: null, ttlSeconds: 60, max: 2 } },
      model,
    );
    for (const word of ["apple", "banana", "cherry"])
      await small(taskOf(`What is a ${word} made of?`));
    await small(taskOf("What is a apple made of?"));
    expect(requests).toHaveLength(2 + 3 + 1);
  });

  it("keeps nothing of a task that used a tool, or has a thread", async () => {
    const used = countingModel({ calls: [call("agents", {})] });
    const give = deskWith(cached, used.model);
    await give(taskOf(question));
    await give(taskOf(question));
    expect(used.requests).toHaveLength(4);
    const { model, requests } = countingModel();
    const threaded = (): Task => {
      const task = taskOf(question);
      return { ...task, request: { ...task.request, thread: "t" } };
    };
    const talk = deskWith(cached, model);
    await talk(threaded());
    await talk(threaded());
    expect(requests).toHaveLength(2);
  });

  it("never gives a principal what another was told, whoever asks what and when", async () => {
    const uid = fc.constantFrom(0, 7, 1000, 1001, 1002);
    const text = fc.constantFrom(
      question,
      question.toLowerCase(),
      "Which colour has the sky on Mars?",
    );
    const ask = fc.record({ uid, text, wait: fc.integer({ min: 0, max: 4_000_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 2, maxLength: 8 }), async (asks) => {
        fs.rmSync(database(), { force: true });
        const model: StreamModel = async function* ({ messages }) {
          const told = /user user-(\d+)/.exec(String(messages[1]?.content))?.[1] ?? "";
          const whose = told === "0" || told === "7" ? "trusted" : told;
          const reply = `This was said to ${whose} and to nobody else.`;
          const usage = { input: 1, output: 1 };
          yield {
            kind: "reply",
            reply: { text: reply, toolCalls: [], model: "m", usage, costUsd: 0 },
          };
        };
        const give = deskWith(cached, model);
        for (const one of asks) {
          clock += one.wait;
          const whose = one.uid === 0 || one.uid === 7 ? "trusted" : String(one.uid);
          const answer = answerOf(await give(taskOf(one.text, one.uid)));
          expect(answer).toBe(`This was said to ${whose} and to nobody else.`);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe("documents", () => {
  const documented: Cascade = {
    ...off,
    documents: { paths: [], answer: 0.85, augment: 0.6 },
  };
  const settings = (): Cascade => ({
    ...documented,
    documents: { paths: [handbook], answer: 0.85, augment: 0.6 },
  });
  const write = (text: string): void => fs.writeFileSync(path.join(handbook, "keys.md"), text);
  const faq =
    "# Keys\n\n## Who keeps the key of the server room?\n\nAda keeps it, in the red box.\n";
  const asked = "Who keeps the key of the server room?";

  it("answer a trusted person and name the source", async () => {
    write(faq);
    const { model, requests } = countingModel();
    const task = taskOf(asked);
    const outcome = await deskWith(settings(), model)(task);
    expect(answerOf(outcome)).toBe(
      `Ada keeps it, in the red box.\n\nSource: ${handbook}/keys.md, "${asked}"`,
    );
    expect(looksOf(task)).toEqual(["documents hit"]);
    expect(requests).toEqual([]);
  });

  it("go along with a stranger's question: the model decides what may be said", async () => {
    write(faq);
    const { model, requests } = countingModel();
    const task = taskOf(asked, 1000);
    await deskWith(settings(), model)(task);
    expect(looksOf(task)).toEqual(["documents passed"]);
    expect(requests[0]?.messages[1]?.content).toContain("Ada keeps it");
  });

  it("are read anew when they change, and gone when they are gone or out of reach", async () => {
    write(faq);
    const { model } = countingModel();
    const give = deskWith(settings(), model);
    await give(taskOf(asked));
    write(faq.replace("Ada", "Grace Hopper"));
    expect(answerOf(await give(taskOf(asked)))).toContain("Grace Hopper keeps it");
    const secret = path.join(root, "secret.md");
    fs.writeFileSync(secret, faq.replace("Ada", "Mallory"));
    fs.rmSync(path.join(handbook, "keys.md"));
    fs.symlinkSync(secret, path.join(handbook, "keys.md"));
    const after = taskOf(asked);
    await give(after);
    expect(looksOf(after)).toEqual(["documents miss"]);
    write(faq);
    const can = { ...agentWith(null).can, read: [] };
    const revoked = taskOf(asked);
    await deskWith(settings(), model, { agent: agentWith(settings(), { can }) })(revoked);
    expect(looksOf(revoked)).toEqual(["documents miss"]);
  });
});

describe("the rule engine", () => {
  it("takes a question that it surely knows, and leaves the rest", async () => {
    const { model, requests } = countingModel();
    const give = deskWith({ ...off, reflex: true }, model);
    const sure = taskOf("which agents are running?");
    expect(await give(sure)).toMatchObject({ kind: "done", tally: { model: "builtin/reflex" } });
    expect(looksOf(sure)).toEqual(["reflex hit"]);
    expect(requests).toEqual([]);
    for (const text of ["hello", "help", "run `id`", "Scheduled run: do your periodic work."])
      await give(taskOf(text));
    expect(requests).toHaveLength(4);
  });
});

describe("which model", () => {
  const routed: Cascade = {
    ...off,
    route: { fast: "fast", balanced: "smart", strong: "expert" },
  };

  it("is chosen by the words of the task, within the grants of that moment", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(routed, model);
    await give(taskOf("What is the capital of France?"));
    await give(taskOf("Compare these three plans and explain which is best"));
    await give(taskOf("Refactor the parser and fix its bug"));
    const can = { ...agentWith(null).can, models: [] };
    await deskWith(routed, model, { agent: agentWith(routed, { can }) })(taskOf("Is water wet?"));
    expect(requests.map((request) => request.model)).toEqual(["fast", "smart", "expert", "smart"]);
  });
});

describe("lessons", () => {
  const skill = { name: "deploy", description: "Deploys things", path: "/skills/deploy/SKILL.md" };
  const learning = { ...off, learn: true };
  const shell = countingTool("shell", {
    act: () => ({ ok: false, text: "token=abcdefghijklmnop\nno route to host\n[exit code 3]" }),
  });
  const failing = () =>
    countingModel({ calls: [call("shell", { text: `cat ${skill.path}` })] }).model;
  const desk = (model: StreamModel) =>
    deskWith(learning, model, {
      agent: agentWith(learning, { skills: [skill] }),
      tools: [shell.tool],
      validate: () => null,
    });

  it("warn the same principal of a skill that failed twice, without its secrets", async () => {
    const first = taskOf("deploy it");
    await desk(failing())(first);
    expect(looksOf(first)).toEqual(["warnings miss", "learn passed"]);
    await desk(failing())(taskOf("deploy it"));
    const { model, requests } = countingModel();
    const third = taskOf("deploy it again");
    await desk(model)(third);
    expect(looksOf(third)).toEqual(["warnings passed"]);
    const said = String(requests[0]?.messages[1]?.content);
    expect(said).toContain("skill deploy failed 2 of the last 2 times, lately: ");
    expect(said).toContain("no route to host");
    expect(said).not.toContain("abcdefghijklmnop");
    const stranger = taskOf("deploy it", 1000);
    await desk(countingModel().model)(stranger);
    expect(looksOf(stranger)).toEqual(["warnings miss"]);
  });

  it("are learned once, however often the end is settled", async () => {
    const task = taskOf("deploy it");
    await desk(failing())(task);
    const journal = path.join(agentPaths(root, "desk").journal, `${task.id}.jsonl`);
    const whole = fs.readFileSync(journal, "utf8");
    // A crash right after the end was written.
    fs.writeFileSync(journal, whole.slice(0, whole.indexOf('{"kind":"cascade","layer":"learn"')));
    await desk(failing())(task);
    const store = await openStore(nodeDisk, database(), () => undefined);
    expect(store.past("trusted")).toMatchObject([
      { about: "skill:deploy", results: [{ ok: false }] },
    ]);
    store.close();
  });
});

describe("what contracts say afterwards", () => {
  const skill = { name: "deploy", description: "Deploys things", path: "/skills/deploy/SKILL.md" };
  const learning = { ...off, learn: true };
  const shell = countingTool("shell", { act: () => ({ ok: true, text: "fine\n[exit code 0]" }) });
  const outcomes = () => path.join(root, "outcomes");
  const give = (text: string, uid = 0) => {
    const { model, requests } = countingModel({
      calls: [call("shell", { text: `cat ${skill.path}` })],
    });
    const task = taskOf(text, uid);
    const desk = deskWith(learning, model, {
      agent: agentWith(learning, { skills: [skill] }),
      tools: [shell.tool],
      validate: () => null,
      outcomes: outcomes(),
    });
    return desk(task).then(() => ({ task, requests }));
  };
  /** As the evaluation writes it: held at `passed`, seen failing at `failed`. */
  const turn = (passed: number, failed: number, agents = ["desk"]) => ({
    ...{ contract: "WEB-1", check: "home", passed, failed, agents },
    message: "the site is away",
  });
  const tell = (...turns: Parameters<typeof writeOutcomes>[1]) => {
    fs.mkdirSync(path.join(outcomes(), "desk"), { recursive: true });
    expect(writeOutcomes(nodeDisk, turns, [{ name: "desk" }], outcomes())).toEqual([]);
  };
  const past = async (principal: string) => {
    const store = await openStore(nodeDisk, database(), () => undefined);
    const found = store.past(principal);
    store.close();
    return found.flatMap(({ results }) => results);
  };

  it("makes failures of tasks between the two looks, once, and warns of their skill", async () => {
    const begun = clock;
    for (const _ of [1, 2]) {
      await give("deploy it");
      clock += 60_000;
    }
    expect(await past("trusted")).toEqual([
      { ok: true, error: null },
      { ok: true, error: null },
    ]);
    tell(turn(begun - 1000, clock));
    clock += 1000;
    const third = await give("deploy it again");
    expect(looksOf(third.task)).toEqual(["learn passed", "warnings passed", "learn passed"]);
    const said = String(third.requests[0]?.messages[1]?.content);
    const error = "contract WEB-1 failed afterwards: the site is away";
    expect(said).toContain(`skill deploy failed 2 of the last 2 times, lately: ${error}`);
    const fourth = await give("deploy it again");
    expect(looksOf(fourth.task)).toEqual(["learn miss", "warnings passed", "learn passed"]);
    expect((await past("trusted")).map(({ ok }) => ok)).toEqual([true, true, false, false]);
  });

  it("says nothing of tasks outside of that time, of a long one, or of another agent's", async () => {
    const begun = clock;
    await give("deploy it");
    clock += 60_000;
    tell(
      turn(clock, clock + 1000),
      turn(begun - 20_000, begun - 10_000),
      turn(clock - 2 * 3_600_000, clock),
      turn(begun - 1000, clock, ["other"]),
    );
    clock += 10_000;
    await give("deploy it");
    expect((await past("trusted")).map(({ ok }) => ok)).toEqual([true, true]);
  });

  it("blames nobody where two principals were at work, and tells a stranger no words", async () => {
    const begun = clock;
    await give("deploy it");
    await give("deploy it", 1000);
    clock += 1000;
    tell(turn(begun - 1000, clock));
    clock += 1000;
    await give("deploy it");
    for (const who of ["trusted", "uid-1000"])
      expect((await past(who)).map(({ ok }) => ok)).not.toContain(false);
    clock += 1000;
    const alone = clock;
    await give("deploy it", 1000);
    clock += 1000;
    tell(turn(alone - 500, clock));
    clock += 1000;
    await give("deploy it", 1000);
    expect(await past("uid-1000")).toContainEqual({
      ok: false,
      error: "contract WEB-1 failed afterwards",
    });
    expect((await past("trusted")).map(({ ok }) => ok)).not.toContain(false);
  });
});

describe("the file", () => {
  it("is not there, and no line is, where every layer is off", async () => {
    const { model } = countingModel();
    const task = taskOf(question);
    await deskWith(null, model)(task);
    expect(looksOf(task)).toEqual([]);
    expect(fs.existsSync(database())).toBe(false);
  });

  it("is set aside when it is damaged, and the task goes on", async () => {
    fs.writeFileSync(database(), "this is no database, and never was one ".repeat(100));
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    expect(await give(taskOf(question))).toMatchObject({ tally: { model: "cache/exact" } });
    expect(requests).toHaveLength(1);
    expect(fs.existsSync(`${database()}.damaged`)).toBe(true);
  });

  const damaged = async (give: ReturnType<typeof deskWith>): Promise<void> => {
    for (let n = 0; n < 40; n += 1)
      await give(
        taskOf(
          `Which ${"long ".repeat(100)} river has the letter ${String.fromCharCode(97 + (n % 26))} ${n}?`,
        ),
      );
    const bytes = fs.readFileSync(database());
    fs.writeFileSync(database(), bytes.fill(0x55, 4096 * 2));
  };

  it("fails no task when it can neither be read nor set aside", async () => {
    const give = deskWith(cached, countingModel().model);
    await damaged(give);
    fs.mkdirSync(`${database()}.damaged`);
    const task = taskOf("Which long river is the longest one?");
    expect(await give(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toContain("semantic skipped");
  });

  it("is set aside when the damage shows only as it is read", async () => {
    const { model } = countingModel();
    const give = deskWith(cached, model);
    await damaged(give);
    const task = taskOf("Which long river is the longest one?");
    expect(await give(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toContain("semantic skipped");
    const again = taskOf("Which long river is the longest one?");
    await give(again);
    expect(looksOf(again)).toEqual(["exact hit"]);
    expect(fs.existsSync(`${database()}.damaged`)).toBe(true);
  });

  it("is never followed through a link", async () => {
    const target = path.join(root, "target");
    fs.writeFileSync(target, "");
    fs.symlinkSync(target, database());
    const { model } = countingModel();
    const task = taskOf(question);
    expect(await deskWith(cached, model)(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toEqual(["exact skipped", "semantic skipped"]);
    expect(fs.readFileSync(target, "utf8")).toBe("");
  });
});
