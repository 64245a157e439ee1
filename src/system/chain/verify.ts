/** Reads a chain from its first line and says whether anybody changed it. Reads only; memory is bounded. */
import { createHash, type Hash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Disk } from "../disk.ts";
import { openFile } from "./files.ts";
import { beginning, type ChainHead, type Link, maxLineBytes, readLink } from "./line.ts";
import { noteKinds } from "./tail.ts";

export type ChainCheck =
  | {
      readonly ok: true;
      readonly head: ChainHead;
      /** The latest append was cut by a crash; the next one notes it. */
      readonly torn: boolean;
    }
  | { readonly ok: false; readonly file: string; readonly line: number; readonly why: string };

type Broken = Extract<ChainCheck, { ok: false }>;

/**
 * `files` in order, as `chainFiles` gives them. `expect`: the head that was remembered elsewhere, without
 * which lines cut off at the end are not missed. `after`: what the first line of them follows.
 */
export function verifyChain(
  disk: Disk,
  files: readonly string[],
  expect: ChainHead | null = null,
  after: ChainHead = beginning,
): ChainCheck {
  const steps = verifySteps(disk, files, expect, after);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same for long chains: everybody else has a turn now and then. Rejects when `signal` aborts. */
export async function verifyChainInTurns(
  signal: AbortSignal,
  ...[disk, files, expect = null, after = beginning]: Parameters<typeof verifyChain>
): Promise<ChainCheck> {
  const steps = verifySteps(disk, files, expect, after);
  for (;;) {
    const step = signal.aborted ? steps.throw(signal.reason) : steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

/** Stops every few hundred lines. */
function* verifySteps(
  disk: Disk,
  files: readonly string[],
  expect: ChainHead | null,
  after: ChainHead,
): Generator<void, ChainCheck> {
  let state: State = { head: after, remembered: expect === null || isSame(expect, after) };
  let torn = false;
  let last = { file: files.at(-1) ?? "", line: 0 };
  for (const file of files) {
    // What a crash cut is noted in the file itself before there is another one.
    if (torn) return { ok: false, ...last, why: notOurs };
    const read = yield* readSteps(disk, file, state, expect);
    // Rotated or removed since it was listed: whoever calls may look again.
    if (read === null) return { ok: false, file, line: 0, why: "it is not there any more" };
    if ("why" in read) return read;
    state = read.state;
    torn = read.torn;
    last = { file, line: read.lines };
  }
  if (expect === null || state.remembered) return { ok: true, head: state.head, torn };
  const why =
    state.head.seq < expect.seq
      ? `records ${state.head.seq + 1} to ${expect.seq} are cut off`
      : `record ${expect.seq} is not the one that was written`;
  return { ok: false, ...last, why };
}

const isSame = (a: ChainHead, b: ChainHead): boolean => a.seq === b.seq && a.hash === b.hash;

interface State {
  readonly head: ChainHead;
  /** The remembered line was met, or there is none to meet. */
  readonly remembered: boolean;
}

type FileRead = { readonly state: State; readonly torn: boolean; readonly lines: number };

/** Null where there is no such file. */
function* readSteps(
  disk: Disk,
  file: string,
  before: State,
  expect: ChainHead | null,
): Generator<void, FileRead | Broken | null> {
  const fd = openFile(disk, file);
  if (fd === null) return null;
  try {
    return yield* verifyFile(disk, fd, file, before, expect);
  } finally {
    disk.close(fd);
  }
}

const atOnceBytes = 256 * 1024;

function* verifyFile(
  disk: Disk,
  fd: number,
  file: string,
  before: State,
  expect: ChainHead | null,
): Generator<void, FileRead | Broken> {
  let state = before;
  let strange: Strange | null = null;
  let number = 0;
  let sinceTurn = 0;
  for (const { bytes, terminated } of linesOf(disk, fd)) {
    number += 1;
    sinceTurn += bytes.length;
    if (sinceTurn > atOnceBytes) {
      sinceTurn = 0;
      yield;
    }
    const link = terminated ? readLink(bytes) : null;
    if (link === null) {
      strange = addStrange(strange, bytes, terminated, number);
      continue;
    }
    const why = joint(link, state.head, strange);
    if (why !== null) return { ok: false, file, line: strange?.line ?? number, why };
    strange = null;
    const met = expect !== null && link.seq === expect.seq && link.hash === expect.hash;
    state = { head: { seq: link.seq, hash: link.hash }, remembered: state.remembered || met };
  }
  if (strange !== null && (strange.count > 1 || strange.terminated))
    return { ok: false, file, line: strange.line, why: notOurs };
  return { state, torn: strange !== null, lines: number };
}

const notOurs = "it was edited, or never was a line of this chain";

/** Lines in a row that are no lines of the chain. */
interface Strange {
  readonly line: number;
  readonly count: number;
  readonly bytes: number;
  readonly hash: Hash;
  readonly terminated: boolean;
}

function addStrange(
  before: Strange | null,
  bytes: Buffer,
  terminated: boolean,
  line: number,
): Strange {
  if (before === null) {
    const hash = createHash("sha256").update(bytes);
    return { line, count: 1, bytes: bytes.length, hash, terminated };
  }
  before.hash.update("\n").update(bytes);
  const length = before.bytes + 1 + bytes.length;
  return { ...before, count: before.count + 1, bytes: length, terminated };
}

/** Why `link` cannot follow, or null. Strange lines need a note of the chain itself. */
function joint(link: Link, head: ChainHead, strange: Strange | null): string | null {
  if (strange !== null) {
    const { kind, bytes, sha256 } = link.record;
    const noted = kind === noteKinds.torn && bytes === strange.bytes;
    if (!noted || sha256 !== strange.hash.copy().digest("hex")) return notOurs;
  }
  if (link.seq === head.seq + 1 && link.prev === head.hash) return null;
  if (link.seq > head.seq + 1) return `records ${head.seq + 1} to ${link.seq - 1} are missing`;
  return link.seq === head.seq + 1
    ? `record ${head.seq} before it is not the one that was written`
    : `record ${link.seq} stands after record ${head.seq}`;
}

const pieceBytes = 64 * 1024;

/** Lines longer than all of ours come in pieces, which are no lines of the chain. */
export function* linesOf(
  disk: Disk,
  fd: number,
): Generator<{ readonly bytes: Buffer; readonly terminated: boolean }> {
  const piece = Buffer.alloc(pieceBytes);
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; ; ) {
    const count = disk.read(fd, piece, 0, at);
    if (count === 0) break;
    at += count;
    rest = Buffer.concat([rest, piece.subarray(0, count)]);
    let from = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, from)) {
      yield { bytes: rest.subarray(from, end), terminated: true };
      from = end + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > 2 * maxLineBytes) {
      yield { bytes: rest, terminated: true };
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length > 0) yield { bytes: rest, terminated: false };
}
