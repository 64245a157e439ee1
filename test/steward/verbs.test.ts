import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readHolds } from "../../src/config/holds.ts";
import { submit } from "../../src/steward/ask.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer, StewardRequest } from "../../src/steward/types.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { about, answersIn, halt, makePlaces, makeWorld, newMachine, resumeAll } from "./support.ts";

const machine = newMachine;

async function ask(
  places: StewardPlaces,
  on: ReturnType<typeof machine>,
  request: StewardRequest,
): Promise<StewardAnswer> {
  const { id } = submit(nodeDisk, request, { places });
  expect(await serve(makeWorld(places, on))).toBe(exit.ok);
  const answer = answersIn(places).find((one) => one.id === id);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

test("pause: the hold is there before anything is stopped, resume takes it back", async () => {
  const places = makePlaces();
  const on = machine();
  const answer = await ask(places, on, about("pause", "desk"));
  expect(answer).toMatchObject({ status: "done", undo: "con agent resume desk", verb: "pause" });
  expect(readHolds(places.holds).agents.get("desk")).toMatchObject({
    kind: "paused",
    why: "a test",
  });
  expect([on.armed.has("desk"), on.running.has("desk")]).toEqual([false, false]);
  expect([on.armed.has("drone"), on.reachable.has("desk")]).toEqual([true, true]);
  expect(on.acts[0]).toBe("stop desk");
  const back = await ask(places, on, about("resume", "desk"));
  expect(back).toMatchObject({ status: "done", undo: "con agent pause desk" });
  expect(readHolds(places.holds).agents.size).toBe(0);
  expect(on.armed.has("desk")).toBe(true);
  expect(on.acts.at(-1)).toBe("sweep");
});

test.each([about("pause", "desk"), about("quarantine", "desk"), halt("agents")])(
  "%j: whatever is done to the machine, the hold is there already",
  async (request) => {
    const places = makePlaces();
    submit(nodeDisk, request, { places });
    const seen: number[] = [];
    const before = () => void seen.push(nodeDisk.list(places.holds).length);
    await serve(makeWorld(places, machine(), { before }));
    expect(new Set(seen)).toEqual(new Set([1]));
  },
);

test("quarantine kills, stops, cuts the inbox; a later pause does not weaken it", async () => {
  const places = makePlaces();
  const on = machine();
  await ask(places, on, about("pause", "desk"));
  const answer = await ask(places, on, about("quarantine", "desk"));
  expect(answer).toMatchObject({ status: "done", undo: "con agent resume desk" });
  expect(on.acts.slice(2, 5)).toEqual(["kill desk", "stop desk", "strays 20000"]);
  expect([on.reachable.has("desk"), on.reachable.has("drone")]).toEqual([false, true]);
  const file = join(places.holds, "desk.json");
  const before = readFileSync(file, "utf8");
  const again = await ask(places, on, about("pause", "desk"));
  expect(again.changes).toEqual(["desk is quarantined already, by root"]);
  expect(readFileSync(file, "utf8")).toBe(before);
  const back = await ask(places, on, about("resume", "desk"));
  expect(back.undo).toBe("con agent quarantine desk");
  expect(on.reachable.has("desk")).toBe(true);
});

test("halt workers touches workers only; halt agents all; resume_all names who stays held", async () => {
  const places = makePlaces();
  const on = machine();
  await ask(places, on, halt("workers"));
  expect([on.armed.has("desk"), on.armed.has("drone")]).toEqual([true, false]);
  await ask(places, on, halt("agents"));
  expect([...on.armed, ...on.running]).toEqual([]);
  await ask(places, on, about("pause", "drone"));
  const own = await ask(places, on, about("resume", "desk"));
  expect(own.changes).toContain("desk is still halted by root (a test): con resume");
  expect(on.acts.at(-1)).not.toBe("sweep");
  const back = await ask(places, on, resumeAll);
  expect(back.undo).toBe("con halt agents");
  expect(back.changes).toContain("drone is still paused by root (a test): con agent resume drone");
  expect([on.armed.has("desk"), on.armed.has("drone")]).toEqual([true, false]);
  expect((await ask(places, on, resumeAll)).changes).toContain("nothing was halted");
});

test("kill_session leaves triggers armed; a held agent stays down", async () => {
  const places = makePlaces();
  const on = machine();
  const killed = await ask(places, on, about("kill_session", "desk"));
  expect(killed).toMatchObject({ status: "done", undo: null });
  expect(on.armed.has("desk")).toBe(true);
  const idle = await ask(places, on, about("kill_session", "desk"));
  expect(idle).toMatchObject({ status: "done", changes: ["nothing was running"] });
  await ask(places, on, halt("workers"));
  on.acts.length = 0;
  await ask(places, on, about("kill_session", "drone"));
  expect(on.acts).toEqual(["kill drone", "stop drone"]);
});

test("an unknown agent is refused with the nearest name, and nothing is done", async () => {
  const places = makePlaces();
  const on = machine();
  for (const verb of ["pause", "resume", "kill_session", "quarantine"] as const) {
    const answer = await ask(places, on, about(verb, "dron"));
    expect(answer).toMatchObject({ status: "refused", undo: null });
    expect(answer.error).toContain("did you mean drone?");
  }
  expect(on.acts).toEqual([]);
});

test("a hold of an agent that is gone can be taken back; a damaged one too", async () => {
  const places = makePlaces();
  writeFileSync(join(places.holds, "gone.json"), "{");
  const answer = await ask(places, machine(), about("resume", "gone"));
  expect(answer.status).toBe("done");
  expect(readHolds(places.holds).agents.size).toBe(0);
});

test("reapply converges what was asked for", async () => {
  const places = makePlaces();
  const on = machine();
  const request = { version: 1, verb: "reapply", why: "", incident: null } as const;
  await ask(places, on, { ...request, facts: ["rules"] });
  await ask(places, on, { ...request, facts: [] });
  expect(on.acts).toEqual(['converge {"kinds":["rules"]}', "converge {}"]);
});

test("what does not follow is a failure; the hold stays and the undo is told", async () => {
  const places = makePlaces();
  const on = machine();
  const { id } = submit(nodeDisk, about("pause", "desk"), { places });
  const world = makeWorld(places, on);
  const failures = [{ what: "con@desk.path", why: "it did not stop", agent: "desk" }];
  const converge = async () => ({ changes: [], failures });
  await serve({ ...world, host: { ...world.host, converge } });
  expect(answersIn(places).find((one) => one.id === id)).toMatchObject({
    status: "failed",
    error: "con@desk.path: it did not stop",
    undo: "con agent resume desk",
  });
  expect(readHolds(places.holds).agents.has("desk")).toBe(true);
});
