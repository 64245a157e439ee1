/** Questions and people's words as files, through the whole steward. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noMay } from "../../src/config/authority.ts";
import { readHolds } from "../../src/config/holds.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { ApprovalRule } from "../../src/config/types.ts";
import { listApprovals, readApproval } from "../../src/steward/approvals/store.ts";
import { toolOfVerb } from "../../src/steward/approvals/tools.ts";
import { maxPending } from "../../src/steward/approvals/types.ts";
import { holdForApproval } from "../../src/steward/approvals.ts";
import { submit } from "../../src/steward/ask.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import type { Requester } from "../../src/steward/policy.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer, StewardRequest } from "../../src/steward/types.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { proposeChange } from "../../src/tools/propose.ts";
import { installPackage, requestGrant } from "../../src/tools/request.ts";
import { shareTool } from "../../src/tools/share-tool.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "../../src/tools/steward.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import { about, answersIn, makePlaces, makeWorld, newMachine, type Parts } from "./support.ts";

const parse = createParser();
/** The steward compares with times of the file system. */
const start = Date.now();
const inAMinute = new Date(start + 60_000).toISOString();
/** Of the steward, about any agent. */
const mayAsk = (request: readonly string[]) => ({
  request,
  grant: { ...noMay.grant, task: ["*"] },
});

const id = (count: number): string => newId(count, () => new Uint8Array(10));

const people = {
  desk: { uid: 20_000, name: "a-desk", kind: "agent" },
  drone: { uid: 20_001, name: "a-drone", kind: "agent" },
  root: { uid: 0, name: "root", kind: "root" },
  trent: { uid: 1000, name: "trent", kind: "trusted" },
  tess: { uid: 1001, name: "tess", kind: "trusted" },
  sam: { uid: 1002, name: "sam", kind: "other" },
} as const satisfies Record<string, Requester>;
type Person = keyof typeof people;

const rule = (tool: string, approvers = 1): ApprovalRule => ({
  tool,
  approvers,
  expirySeconds: 60,
});

function bed(rules: readonly ApprovalRule[] = [rule("shell")], verbs: readonly string[] = []) {
  const places = makePlaces();
  const machine = newMachine();
  let now = start;
  const worldAs = (who: Person, parts: Parts = {}) => ({
    ...makeWorld(places, machine, {
      disk: quickDisk,
      requester: (uid) => Object.values(people).find((one) => one.uid === uid) ?? people[who],
      ...parts,
    }),
    now: () => now,
    runtime: () =>
      ({ approval: rules, may: mayAsk(verbs), can: { tools: [] } }) as unknown as AgentRuntime,
  });
  // Every file is the test's own; who asks is said here. The agents' uids stay theirs.
  const as = (who: Person, parts: Parts = {}) => {
    const world = worldAs(who, parts);
    const named = world.requester;
    const own = process.getuid?.() ?? 0;
    return { ...world, requester: (uid: number) => (uid === own ? people[who] : named(uid)) };
  };
  return {
    places,
    machine,
    as,
    pass: (ms: number) => {
      now += ms;
    },
    async say(who: Person, request: StewardRequest, given = newId(now, nextBytes)) {
      submit(quickDisk, request, { places, id: given });
      expect(await serve(as(who), parse)).toBe(exit.ok);
      return answersIn(places).find((one) => one.id === given) ?? null;
    },
  };
}

let counter = 0;
const nextBytes = (count: number): Uint8Array => {
  counter += 1;
  return Uint8Array.from({ length: count }, (_, at) => (at === 0 ? counter : counter >> 8));
};

const question = (rest: object = {}): StewardRequest => ({
  version: 1,
  verb: "ask_approval",
  tool: "shell",
  arguments_sha256: "a".repeat(64),
  arguments_bytes: 10,
  preview: '{"command":"id"}',
  task: id(7),
  call: "1-1",
  expires: inAMinute,
  why: "",
  incident: null,
  ...rest,
});

const word = (verb: "approve" | "deny", approval: string, why = ""): StewardRequest => ({
  ...{ version: 1, verb, approval, why, incident: null },
});

const stored = (places: StewardPlaces, one: string) =>
  readApproval(nodeDisk, places.approvals, one);

const statusOf = (answer: StewardAnswer | null) => [answer?.status, answer?.error ?? null];

test("a question waits unanswered until a person agrees", async () => {
  const { say, places } = bed();
  expect(await say("desk", question(), id(1))).toBeNull();
  expect(stored(places, id(1))).toMatchObject({
    state: "pending",
    by: { uid: 20_000 },
    agent: "desk",
    needed: 1,
    expires: inAMinute,
  });
  expect(await say("trent", word("approve", id(1), "fine"))).toMatchObject({ status: "done" });
  const answer = answersIn(places).find((one) => one.id === id(1));
  expect(answer).toMatchObject({
    status: "done",
    by: { uid: 20_000 },
    verb: "ask_approval",
    changes: ["approved by trent"],
  });
  expect(stored(places, id(1))).toMatchObject({ state: "approved", settled: true });
});

const goingOn = [{ tool: "continue", approvers: 1, expirySeconds: 3600 }];

test("whether a task goes on waits for a person, and what that one says is heard", async () => {
  const { say, places } = bed(goingOn);
  await say("desk", question({ tool: "continue", call: "1-continue" }), id(1));
  expect(stored(places, id(1))).toMatchObject({ state: "pending", needed: 1 });
  expect(await say("desk", word("approve", id(1)))).toMatchObject({ status: "refused" });
  await say("trent", word("approve", id(1), "be quick"));
  const answer = answersIn(places).find((one) => one.id === id(1));
  expect(answer).toMatchObject({ changes: ["approved by trent: be quick"] });
});

test("nobody is asked about a task that is not at work", async () => {
  const { as, places } = bed(goingOn);
  submit(quickDisk, question({ tool: "continue" }), { places, id: id(1) });
  const world = as("desk");
  const spending = { ...world.spending, hasTask: () => false };
  await serve({ ...world, spending }, parse);
  expect(answersIn(places)).toMatchObject([{ status: "refused" }]);
});

test("denied: the reason is in the answer", async () => {
  const { say, places } = bed();
  await say("desk", question(), id(1));
  await say("trent", word("deny", id(1), "not today"));
  const answer = answersIn(places).find((one) => one.id === id(1)) ?? null;
  expect(statusOf(answer)).toEqual(["refused", "denied by trent: not today"]);
});

test("two different people: neither one of them twice, nor an agent, nor a stranger", async () => {
  const { say, places } = bed([rule("shell", 2)]);
  await say("desk", question(), id(1));
  const said = async (who: Person) => statusOf(await say(who, word("approve", id(1))));
  expect(await said("trent")).toEqual(["done", null]);
  expect(await said("trent")).toEqual(["done", null]);
  for (const who of ["desk", "drone", "sam"] as const) expect((await said(who))[0]).toBe("refused");
  expect(stored(places, id(1))).toMatchObject({ state: "pending", approvals: [{ uid: 1000 }] });
  expect(await said("tess")).toEqual(["done", null]);
  expect(stored(places, id(1))).toMatchObject({ state: "approved" });
});

test("who asked never decides, whatever else that uid is by then", async () => {
  const { as, say, places } = bed();
  holdForApproval(as("desk"), about("pause", "drone"), people.desk, id(1), ["too much"]);
  submit(quickDisk, word("approve", id(1)), { places, id: id(2) });
  const promoted: Requester = { ...people.trent, uid: people.desk.uid };
  await serve({ ...as("trent"), requester: () => promoted }, parse);
  expect(answersIn(places)[0]?.error).toContain("nobody decides on a wish of one's own");
  expect((await say("tess", word("approve", id(1))))?.status).toBe("done");
});

test("late, twice, and for nothing: refused", async () => {
  const { say, pass, places } = bed();
  await say("desk", question(), id(1));
  pass(60_000);
  const late = await say("trent", word("approve", id(1)));
  expect(late?.error).toContain("it has expired");
  expect(stored(places, id(1))).toMatchObject({ state: "expired", settled: true });
  expect(answersIn(places).map((one) => one.id)).not.toContain(id(1));
  expect(statusOf(await say("desk", question(), id(1)))).toEqual([
    "refused",
    "nobody decided in time",
  ]);
  expect((await say("trent", word("approve", id(9))))?.error).toContain("nothing of that id waits");
});

test("the asker cannot choose more time, a tool of its own, or somebody else's id", async () => {
  const { say, places } = bed();
  await say("desk", question({ expires: "2099-01-01T00:00:00.000Z" }), id(1));
  expect(stored(places, id(1))?.expires).toBe(inAMinute);
  await say("desk", question({ expires: "2027-99-01T00:00:00.000Z" }), id(2));
  expect(stored(places, id(2))?.expires).toBe(inAMinute);
  expect(await say("desk", question({ tool: "write_file" }), id(3))).toMatchObject({
    status: "refused",
    error: "tool write_file of desk waits for nobody: see its manifest",
  });
  await say("desk", question({ preview: "another" }), id(1));
  expect(stored(places, id(1))).toMatchObject({ subject: { preview: '{"command":"id"}' } });
  const squatted = await say("drone", question({ preview: "another" }), id(1));
  expect(statusOf(squatted)).toEqual(["refused", "its id is somebody else's"]);
});

test("people need not ask, and a preview with controls is no request", async () => {
  const { say } = bed();
  expect((await say("trent", question(), id(1)))?.error).toContain("need not ask");
  expect((await say("desk", question({ preview: "a\u001b[2J" }), id(2)))?.error).toContain(
    "preview: must be one line",
  );
});

test("one agent cannot fill the disk, and others may still ask", async () => {
  const { say, places } = bed();
  for (let count = 0; count < maxPending; count += 1)
    await say("desk", question(), id(100 + count));
  expect((await say("desk", question(), id(99)))?.error).toContain("let them decide first");
  expect(listApprovals(nodeDisk, places.approvals).approvals).toHaveLength(maxPending);
  await say("trent", word("deny", id(100), "no"));
  expect(await say("desk", question(), id(98))).toBeNull();
});

test("a damaged file is no approval", async () => {
  const { say, places } = bed();
  await say("desk", question(), id(1));
  const file = join(places.approvals, `${id(1)}.json`);
  writeFileSync(file, readFileSync(file, "utf8").slice(0, 50));
  expect((await say("trent", word("approve", id(1))))?.status).toBe("failed");
  expect(listApprovals(nodeDisk, places.approvals)).toEqual({ approvals: [], damaged: [id(1)] });
});

test("a request whose tool the manifest lists waits, also when it comes past the tool", async () => {
  const { say, places, machine } = bed([rule("control_agent", 2)], ["pause"]);
  expect(await say("desk", about("pause", "drone"), id(1))).toBeNull();
  expect(stored(places, id(1))).toMatchObject({ needed: 2, subject: { verb: "pause" } });
  expect(machine.running.has("drone")).toBe(true);
  await say("trent", word("approve", id(1)));
  expect(machine.running.has("drone")).toBe(true);
  const last = await say("tess", word("approve", id(1)));
  expect(last?.changes).toContain("drone is paused");
  expect(machine.running.has("drone")).toBe(false);
});

test("every tool that asks the steward is known to it", () => {
  const agents = [commissionAgent, amendAgent, retireAgent, controlAgent];
  const others = [requestGrant, installPackage, proposeChange, shareTool];
  const names = [...agents, ...others].map(({ name }) => name);
  // Two tools make temporary agents, and one rule is for both.
  expect(new Set(Object.values(toolOfVerb))).toEqual(new Set([...names, "spawn"]));
});

/** Of a request that was held: the steward does it itself, when it is approved. */
async function approveHeld(verb: "approve" | "deny", last: number) {
  const { as, places, machine } = bed();
  holdForApproval(as("desk"), about("pause", "drone"), people.desk, id(1), ["not its own"]);
  submit(quickDisk, word(verb, id(1), "so be it"), { places, id: id(2) });
  const { disk, step, steps } = mortal(last, () => new Crash());
  const first = await serve(as("trent", { disk, before: step }), parse).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
    return null;
  });
  // Somebody else's word comes first after the crash.
  if (first === null) submit(quickDisk, word("deny", id(1), "late"), { places, id: id(0) });
  expect(await serve(as("trent"), parse)).toBe(exit.ok);
  const answers = answersIn(places);
  return {
    first,
    steps: steps(),
    state: stored(places, id(1)),
    held: readHolds(places.holds).agents.get("drone") ?? null,
    running: machine.running.has("drone"),
    answer: answers.find((one) => one.id === id(1)) ?? null,
    answers: answers.length,
  };
}

test("a held request is done as its asker's when approved, killed at every step", async () => {
  const whole = await approveHeld("approve", Number.POSITIVE_INFINITY);
  expect(whole).toMatchObject({
    held: { by: { name: "a-desk" } },
    running: false,
    answer: { status: "done", verb: "pause", by: { name: "a-desk" } },
    answers: 2,
  });
  expect(whole.steps).toBeGreaterThan(15);
  for (let last = 1; last <= whole.steps; last += 1) {
    const { first, state, held, answer } = await approveHeld("approve", last);
    expect([last, first]).toEqual([last, null]);
    expect(state).toMatchObject({ settled: true });
    // The denial comes before a word that was not written down yet; then nothing is done at all.
    const isApproved = state?.state === "approved";
    expect([last, held !== null]).toEqual([last, isApproved]);
    expect([last, answer?.status]).toEqual([last, isApproved ? "done" : "refused"]);
  }
});

test("a held request that is denied is never done", async () => {
  const whole = await approveHeld("deny", Number.POSITIVE_INFINITY);
  expect(whole).toMatchObject({ held: null, running: true, answer: { status: "refused" } });
  expect(whole.answer?.error).toBe("denied by trent: so be it");
  for (let last = 1; last <= whole.steps; last += 1)
    expect(await approveHeld("deny", last)).toMatchObject({ held: null, running: true });
});
