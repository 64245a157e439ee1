/** JSON that one part of con, or an agent in its place, hands to another: read by whoever trusts it least. */
import { isDeepStrictEqual } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { decodeLines } from "../../../src/agent/journal.ts";
import { createDecoder, parseRequest } from "../../../src/browser/wire.ts";
import { decodeRecord } from "../../../src/commands/shared/record.ts";
import { parseRegistry } from "../../../src/host/registry.ts";
import { parseClaim } from "../../../src/memory/shared.ts";
import { FrameError } from "../../../src/sandbox/throwaway/frame.ts";
import { parseReply } from "../../../src/sandbox/throwaway/reply.ts";
import { isSafePath, parseHeader } from "../../../src/sandbox/throwaway/request.ts";
import { decodeQuestion } from "../../../src/spool/question.ts";
import { decodeNote, encodeNote } from "../../../src/spool/wait-note.ts";
import requestSchema from "../../../src/steward/request.schema.json" with { type: "json" };
import { createParser } from "../../../src/steward/request.ts";
import { ConError } from "../../../src/system/errors.ts";
import { decodeGoal, encodeGoal } from "../../../src/task/goal/codec.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";
import { anyJson, valueFor } from "../support/values.ts";

type Schema = Readonly<Record<string, unknown>>;
type Reader = (bytes: Buffer, text: string) => boolean;

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const time = "2027-01-31T09:00:00Z";

const good: readonly unknown[] = [
  {
    con: 1,
    since: time,
    calls: [{ call: "1-1", why: "w", until: time, wait_for: [{ id, from: "root" }], over: null }],
    answers: [{ to: id, task: id }],
  },
  { con: 1, id, task: id, state: "held", asked: time, until: time, why: "w", question: "q?" },
  {
    id,
    agent: "desk",
    status: "done",
    from: { uid: 0, name: "root" },
    tokens: { input: 1, output: 2 },
    checks: [{ name: "c", state: "pass", found: "" }],
    children: [id],
  },
  { version: 1, goal: "g", final: "f", replans: 0, parts: [], dropped: [] },
  { con_memory: 1, kind: "fact", category: "c", title: "t", text: "x", expires: null },
  { version: 1, uids: { desk: 20001 } },
  {
    version: 1,
    language: "python",
    arguments: ["a"],
    files: ["a/b"],
    outputs: ["c"],
    timeoutSeconds: 5,
    memoryMb: 512,
    layers: ["0".repeat(64)],
  },
  {
    version: 1,
    ending: { kind: "exit", code: 0, signal: null },
    durationMs: 1,
    cpuMs: 1,
    memoryBytes: 1,
    outOfMemory: false,
    stdoutBytes: 0,
    stderrBytes: 0,
    files: ["a"],
    missing: [{ path: "b", why: "w" }],
  },
  {
    verb: "fetch",
    url: "https://example.org/",
    mode: "auto",
    whole: false,
    screenshot: false,
    maxBytes: 1000,
  },
  { verb: "search", query: "q", count: 5 },
  { con: 1, verb: "pause", agent: "desk", reason: "r" },
  { v: 1, kind: "final", at: time },
];

/** Only these may be thrown, and only by these. */
function refusing(
  read: () => boolean,
  ...known: readonly (new (
    ...args: never[]
  ) => Error)[]
): boolean {
  try {
    return read();
  } catch (error) {
    if (known.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

function readers(): Reader[] {
  const parse = createParser();
  const fits = new Ajv2020({ strict: false, discriminator: true }).compile(requestSchema);
  return [
    (bytes) => {
      const note = decodeNote(bytes);
      if (note === null) return false;
      const again = decodeNote(encodeNote(note));
      demand(isDeepStrictEqual(again, note), `a note has no round trip: ${JSON.stringify(note)}`);
      return true;
    },
    (_, text) => decodeQuestion(text) !== null,
    (_, text) => decodeRecord(text) !== null,
    (_, text) => {
      const goal = decodeGoal(text);
      if (goal === null) return false;
      const again = decodeGoal(Buffer.from(encodeGoal(goal)).toString());
      // JSON has a -0.
      const same = JSON.stringify(again) === JSON.stringify(goal);
      demand(same, "a goal has no round trip");
      return true;
    },
    (bytes) => parseClaim(bytes) !== null,
    (_, text) => refusing(() => Object.keys(parseRegistry(text)).length > 0, ConError),
    (bytes) => {
      const found = parseHeader(bytes);
      if (found.ok)
        demand([...found.header.files, ...found.header.outputs].every(isSafePath), "a way out");
      return found.ok;
    },
    (bytes) => refusing(() => parseReply(bytes).files.every(isSafePath), FrameError, SyntaxError),
    (_, text) => parseRequest(text) !== null,
    (bytes) => {
      const found = parse(bytes);
      if (found.ok) demand(fits(found.request), "the steward takes what its schema refuses");
      return found.ok;
    },
    (_, text) => {
      const found = decodeLines(text);
      if (found.ok) demand(found.bytes <= Buffer.byteLength(text), "more than there is");
      return found.ok && found.lines.length > 0;
    },
    (bytes) => refusing(() => createDecoder()(bytes).length > 0, RangeError),
  ];
}

function message(random: Random): Buffer {
  const root = requestSchema as Schema;
  const value = random.chance(3)
    ? valueFor(root, random, { root, more: ["desk", "drone", id, time] })
    : spoilt(random.pick(good), random);
  return Buffer.from(`${JSON.stringify(value)}${random.pick(["\n", ""])}`);
}

/** One part of it is something else, somewhere. */
function spoilt(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(12))
    return random.chance(4) ? anyJson(random) : value;
  const entries = Object.entries(value).map(([key, one]) => [
    key,
    random.chance(3) ? spoilt(one, random) : one,
  ]);
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

export const messages: Target = {
  name: "messages",
  open: () => {
    const all = readers();
    return Promise.resolve({
      corpus: good.map((one) => Buffer.from(`${JSON.stringify(one)}\n`)),
      generate: message,
      // Each reader gets every message: what is meant for another one must not harm it.
      check: (input) => {
        const text = input.toString("utf8");
        return all.map((read) => read(input, text)).some(Boolean);
      },
    });
  },
};
