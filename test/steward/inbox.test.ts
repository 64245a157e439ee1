/** What anybody who may write there can put into the steward's inbox. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { awaitAnswer, readAnswer, submit } from "../../src/steward/ask.ts";
import { maxRequestBytes, type StewardPlaces } from "../../src/steward/places.ts";
import { serve } from "../../src/steward/serve.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import {
  about,
  answersIn,
  events,
  makePlaces,
  makeWorld,
  newMachine,
  self,
  visible,
} from "./support.ts";

const freshId = () => newId(Date.now(), (count) => crypto.getRandomValues(new Uint8Array(count)));

/** Serves until nothing waits, with one honest request behind all others. */
async function serveAll(places: StewardPlaces) {
  const honest = submit(nodeDisk, about("pause", "desk"), { places }).id;
  const machine = newMachine();
  expect(await serve(makeWorld(places, machine))).toBe(exit.ok);
  expect(visible(places.inbox)).toEqual([]);
  expect(readAnswer(honest, places)).toMatchObject({ status: "done" });
  return { machine, others: answersIn(places).filter(({ id }) => id !== honest) };
}

const put: Record<string, (path: string, places: StewardPlaces) => void> = {
  "no JSON": (path) => writeFileSync(path, "pause desk"),
  empty: (path) => writeFileSync(path, ""),
  "too large": (path) => writeFileSync(path, " ".repeat(maxRequestBytes + 1)),
  "a link to a good request": (path, { corrupt }) => {
    writeFileSync(join(corrupt, "good"), JSON.stringify(about("quarantine", "drone")));
    symlinkSync(join(corrupt, "good"), path);
  },
  "a link to nothing": (path) => symlinkSync("/nonexistent", path),
  "a FIFO": (path) => void execFileSync("mkfifo", [path]),
  "a directory": (path) => {
    mkdirSync(path);
    writeFileSync(join(path, "x.json"), "{}");
  },
};

test.each(Object.keys(put))("%s is put aside and answered, and blocks nothing", async (kind) => {
  const places = makePlaces();
  const id = freshId();
  put[kind]?.(join(places.inbox, `${id}.json`), places);
  const { machine, others } = await serveAll(places);
  expect(others).toMatchObject([{ id, status: "refused", verb: null, by: { uid: self } }]);
  expect(machine.armed.has("drone")).toBe(true);
  expect(events(places).sort()).toEqual(["begins", "ended", "unreadable"]);
});

test("a hard link of a file elsewhere is put aside, and nobody is answered in its owner's name", async () => {
  const places = makePlaces();
  const elsewhere = join(places.corrupt, "elsewhere");
  writeFileSync(elsewhere, JSON.stringify(about("quarantine", "drone")));
  linkSync(elsewhere, join(places.inbox, `${freshId()}.json`));
  const { machine, others } = await serveAll(places);
  expect(others).toEqual([]);
  expect(machine.reachable.has("drone")).toBe(true);
});

test.skipIf(self !== 0)("a file that was moved in from elsewhere is nobody's request", async () => {
  const places = makePlaces();
  const elsewhere = join(places.corrupt, "elsewhere");
  writeFileSync(elsewhere, JSON.stringify(about("quarantine", "drone")));
  chownSync(elsewhere, 0, 12_345);
  renameSync(elsewhere, join(places.inbox, `${freshId()}.json`));
  const { machine, others } = await serveAll(places);
  expect(others).toEqual([]);
  expect(machine.reachable.has("drone")).toBe(true);
});

test.each(["hello", "a b", "..", "-x", "\u001b[31m", "x".repeat(240)])(
  "the name %j, which is no id, is put aside without an answer",
  async (name) => {
    const places = makePlaces();
    writeFileSync(join(places.inbox, `${name}.json`), JSON.stringify(about("quarantine", "drone")));
    const { machine, others } = await serveAll(places);
    // `...json` begins with a dot: the path unit does not see it either.
    expect(others).toEqual([]);
    expect(machine.reachable.has("drone")).toBe(true);
  },
);

test("a name that is not UTF-8 is put aside", async () => {
  const places = makePlaces();
  writeFileSync(
    Buffer.concat([
      Buffer.from(`${places.inbox}/`),
      Buffer.from([0xff, 0x2e]),
      Buffer.from("json"),
    ]),
    "{}",
  );
  await serveAll(places);
});

test("the name of a sender that died after link(2) goes with the request", async () => {
  const places = makePlaces();
  const { id } = submit(nodeDisk, about("pause", "drone"), { places });
  const name = join(places.inbox, `${id}.json`);
  linkSync(name, join(places.inbox, `.${id}.json.tmp-0123456789abcdef`));
  const { others } = await serveAll(places);
  expect(others).toMatchObject([{ id, status: "done" }]);
  expect(nodeDisk.list(places.inbox)).toEqual([]);
});

test("requests are done oldest first, and the same id once", async () => {
  const places = makePlaces();
  const id = freshId();
  for (let count = 0; count < 3; count += 1)
    expect(submit(nodeDisk, about("pause", "desk"), { places, id }).id).toBe(id);
  submit(nodeDisk, about("resume", "desk"), { places, now: () => Date.now() + 1 });
  const machine = newMachine();
  await serve(makeWorld(places, machine));
  expect(machine.acts[0]).toBe("stop desk");
  expect(machine.acts.at(-1)).toBe("sweep");
  const acts = machine.acts.length;
  expect(submit(nodeDisk, about("pause", "desk"), { places, id }).id).toBe(id);
  await serve(makeWorld(places, machine));
  expect(machine.acts).toHaveLength(acts);
  expect(visible(places.inbox)).toEqual([]);
});

test("an answered id that comes again, from its owner or a stranger, is not done again", async () => {
  const places = makePlaces();
  const { id } = submit(nodeDisk, about("pause", "desk"), { places });
  await serve(makeWorld(places, newMachine()));
  const file = join(places.outbox, `${id}.json`);
  const first = readFileSync(file, "utf8");
  for (const stranger of [false, true]) {
    writeFileSync(join(places.inbox, `${id}.json`), JSON.stringify(about("quarantine", "drone")));
    const machine = newMachine();
    const requester = (uid: number) => ({
      uid: stranger ? 4242 : uid,
      name: "x",
      kind: "trusted" as const,
    });
    expect(await serve(makeWorld(places, machine, { requester }))).toBe(exit.ok);
    expect(machine.acts).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe(first);
    expect(visible(places.inbox)).toEqual([]);
    expect(visible(places.corrupt)).toHaveLength(stranger ? 1 : 0);
  }
});

test("who may not ask is told so, and nothing is done; the owner of the file is who asks", async () => {
  const places = makePlaces();
  const { id } = submit(nodeDisk, about("pause", "desk"), { places });
  const machine = newMachine();
  const requester = (uid: number) => ({ uid, name: "a-desk", kind: "agent" as const });
  expect(await serve(makeWorld(places, machine, { requester }))).toBe(exit.ok);
  expect(readAnswer(id, places)).toMatchObject({ status: "refused", verb: "pause" });
  expect(machine.acts).toEqual([]);
  expect(events(places)).toEqual(["refused"]);
});

test("old answers and temporary names go, young ones stay", async () => {
  const places = makePlaces();
  const id = freshId();
  writeFileSync(join(places.outbox, `${id}.json`), "{}");
  writeFileSync(join(places.inbox, ".x.json.tmp-0123456789abcdef"), "");
  const world = makeWorld(places, newMachine());
  await serve(world);
  expect(nodeDisk.list(places.inbox)).toHaveLength(1);
  const inHours = (hours: number) => ({ ...world, now: () => Date.now() + hours * 3_600_000 });
  await serve(inHours(37));
  expect([nodeDisk.list(places.inbox), visible(places.outbox)]).toEqual([[], [`${id}.json`]]);
  await serve(inHours(31 * 24));
  expect(visible(places.outbox)).toEqual([]);
});

test("without an inbox it is 69, and submit says what to run", async () => {
  const places = { ...makePlaces(), inbox: "/nonexistent/inbox" };
  await expect(serve(makeWorld(places, newMachine()))).rejects.toMatchObject({
    code: exit.unavailable,
  });
  expect(() => submit(nodeDisk, about("pause", "desk"), { places })).toThrow(
    expect.objectContaining({ code: exit.unavailable, remedy: "run con bootstrap as root" }),
  );
});

test("awaitAnswer gives up after its time, and at a signal", async () => {
  const places = makePlaces();
  expect(await awaitAnswer(freshId(), { timeoutMs: 1, places })).toBeNull();
  const signal = AbortSignal.abort();
  expect(await awaitAnswer(freshId(), { timeoutMs: 600_000, signal, places })).toBeNull();
  const { id } = submit(nodeDisk, about("pause", "desk"), { places });
  const waiting = awaitAnswer(id, { timeoutMs: 60_000, places });
  await serve(makeWorld(places, newMachine()));
  expect(await waiting).toMatchObject({ id, status: "done" });
  expect(readAnswer("../../etc/passwd", places)).toBeNull();
});

test("what a sender may change afterwards changes nothing: mtime, mode", async () => {
  const places = makePlaces();
  const { id } = submit(nodeDisk, about("pause", "desk"), { places });
  const file = join(places.inbox, `${id}.json`);
  utimesSync(file, 0, 0);
  chmodSync(file, 0o777);
  const { others } = await serveAll(places);
  expect(others).toMatchObject([{ id, status: "done" }]);
});
