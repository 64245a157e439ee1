/**
 * Asks the data program (data/program.ts) in the sandbox of the agent's commands: it sees what they see, has no network,
 * and their limits. Whatever a database or a statement does to it, this process only reads one line.
 *
 * Never: opens a database; destroys before the copy that the program made lies in the archive.
 */
import { dirname, join } from "node:path";
import type { DataReply, DataRequest } from "../../data/protocol.ts";
import { replyMark } from "../../data/protocol.ts";
import type { Executed } from "../../sandbox/exec.ts";
import { safeText } from "../../sandbox/output.ts";
import { jsonOrNull } from "../../system/json.ts";
import { done, refused } from "../answer.ts";
import { takeAway } from "../files/archive.ts";
import { locateWithin, readWithin } from "../files/open.ts";
import { absolute, Denied, type Reach, readable, writable } from "../files/reach.ts";
import { asStrangers, isStrangers, mayBeStrangers } from "../files/strangers.ts";
import type { FilePolicy } from "../policies.ts";
import type { ToolResult } from "../result.ts";
import type { ToolContext } from "../tool.ts";

/** More than any reply: a batch of texts is bounded by the request. */
const replyBytes = 16 << 20;

/** Before it is copied, a database of an agent without an archive is as large as it likes. */
const copyBytes = 256 << 20;

export async function askProgram(
  context: ToolContext,
  request: DataRequest,
  timeoutSeconds: number,
): Promise<DataReply> {
  const { dataProgram, shell } = context;
  if (dataProgram === undefined) return { kind: "refused", why: "there is no data program here" };
  const executed = await context.execute(
    {
      argv: dataProgram,
      input: Buffer.from(JSON.stringify(request)),
      timeoutSeconds: Math.min(timeoutSeconds, shell.maxTimeoutSeconds),
      output: { headBytes: replyBytes, tailBytes: 1, maxBytes: 0, open: nowhere },
    },
    context.signal,
  );
  return replyOf(executed);
}

function nowhere(): never {
  throw new Error("nothing is written: maxBytes is 0");
}

const unchanged = "what it was to change is there whole or not at all";

function replyOf({ ending, output }: Executed): DataReply {
  switch (ending.kind) {
    case "exit":
      return parsed(output.head) ?? { kind: "refused", why: broken(ending.code, output.head) };
    case "timeout":
      return {
        kind: "refused",
        why: `ended after ${ending.seconds} s, its time limit; ${unchanged}`,
      };
    case "aborted":
      return { kind: "refused", why: `ended because the task was stopped; ${unchanged}` };
    case "broken":
      return { kind: "refused", why: `not run: ${ending.why}` };
  }
}

function parsed(output: Buffer): DataReply | null {
  const at = output.lastIndexOf(`\n${replyMark}`);
  if (at < 0) return null;
  const reply = jsonOrNull(output.subarray(at + 1 + replyMark.length));
  return isReply(reply) ? reply : null;
}

/** A database may have taken the program over. Words are looked at where they are used. */
function isReply(value: unknown): value is DataReply {
  const { kind, texts } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (kind !== "batch") return typeof kind === "string";
  const isText = (one: unknown): boolean => {
    const { id, text } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return typeof id === "string" && typeof text === "string";
  };
  return Array.isArray(texts) && texts.every(isText);
}

function broken(code: number, output: Buffer): string {
  const memory = code > 128 || output.includes("heap out of memory");
  const why = memory ? "it was killed, perhaps because it took too much memory" : `exit ${code}`;
  const said = safeText(output.subarray(-300)).trim();
  return `the data program ended without an answer: ${why}; ${unchanged}${memory || said === "" ? "" : `: ${said}`}`;
}

/** As a result, where the program had nothing else to say. */
export function resultOf(reply: DataReply): ToolResult {
  switch (reply.kind) {
    case "done":
      return done(safeText(Buffer.from(String(reply.text))));
    case "refused":
      return refused(safeText(Buffer.from(String(reply.why))).slice(0, 4000));
    default:
      return refused(`the data program answered with ${reply.kind}`);
  }
}

export interface Copying {
  readonly path: string;
  readonly maxBytes: number;
}

/** Where the program puts a copy before it destroys. */
export function copyOf({ files, task, callId }: ToolContext): Copying {
  const path = join(files.workspace, ".con", "backup", `${task.id}-${callId}.db`);
  return { path, maxBytes: Math.min(copyBytes, files.archive?.totalBytes ?? 0) };
}

/** Asks; where the program wants a copy first, puts it into the archive and asks again. */
export async function askSafely(
  context: ToolContext,
  db: string,
  ask: (done: boolean) => Promise<DataReply>,
): Promise<ToolResult> {
  const first = await ask(false);
  if (first.kind !== "backup") return resultOf(first);
  const { id } = takeAway(context, { from: copyOf(context).path, as: db, kind: "database" });
  const result = resultOf(await ask(true));
  const kept = `[the database as it was before is kept as version ${id}: restore_file brings it back]`;
  return { ...result, text: `${result.text}\n${kept}` };
}

export interface Place {
  /** Without a link in it. */
  readonly path: string;
  readonly writable: boolean;
  /** Strangers may have made it. */
  readonly strange: boolean;
}

/** A database that is there, or a place where one may be made. */
export function databaseAt(context: ToolContext, asked: string, use: "read" | "write"): Place {
  const { files } = context;
  const path = absolute(files.workspace, asked);
  try {
    return found(context, path, use);
  } catch (error) {
    const isMissing = (error as { cause?: NodeJS.ErrnoException }).cause?.code === "ENOENT";
    if (!(error instanceof Denied) || !isMissing) throw error;
    const place = newPlace(writable(files), path);
    // Where strangers may write, one of theirs may be there by the time that the program opens it.
    const strange = mayBeStrangers(files, writable(files), dirname(place));
    return { path: place, writable: true, strange };
  }
}

function found(context: ToolContext, path: string, use: "read" | "write"): Place {
  const { files } = context;
  const isWritable = permitted(writable(files), path);
  const reach = use === "write" || isWritable ? writable(files) : readable(files);
  return { ...toOpen(files, reach, path), writable: isWritable };
}

/** A file that the program opens by its path. */
export function toOpen(files: FilePolicy, reach: Reach, path: string): Omit<Place, "writable"> {
  const strange = readWithin(reach, path, (fd) => isStrangers(files, fd));
  return {
    path: locateWithin(reach, path),
    strange: strange || mayBeStrangers(files, reach, path),
  };
}

function permitted(reach: Reach, path: string): boolean {
  try {
    locateWithin(reach, path);
    return true;
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return false;
  }
}

/** The directory must be there: the program makes none. */
const newPlace = (reach: Reach, path: string): string => {
  const at = path.lastIndexOf("/");
  return join(locateWithin(reach, path.slice(0, at) || "/"), path.slice(at + 1));
};

/** Where a file is to be written: by its directory. */
export const targetAt = ({ files }: ToolContext, asked: string): string =>
  newPlace(writable(files), absolute(files.workspace, asked));

export const marked = (result: ToolResult, places: readonly Place[]): ToolResult =>
  asStrangers(
    result,
    places.some(({ strange }) => strange),
  );
