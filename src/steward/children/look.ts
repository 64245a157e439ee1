/**
 * What a temporary agent left in its folders: its final answer, or a sign that it still has work. Read as root
 * in places where a hostile child may put anything.
 *
 * Every name is walked without following links, every file is a plain one of the child's own with one name,
 * and no more of it is read than fits. Never: waits for a FIFO, throws for what a child left there, or
 * believes more of it than how the child says it ended. Changes nothing.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../host/children/types.ts";
import { withWalk } from "../../host/walk.ts";
import { agentPaths } from "../../spool/layout.ts";
import { errnoOf } from "../../system/disk.ts";
import { isObject, type JsonObject, jsonOrNull } from "../../system/json.ts";
import type { Look, Spent } from "./state.ts";
import { cutTo, maxWords } from "./words.ts";

const maxRecordBytes = 64 * 1024;
const maxUsesBytes = 256 * 1024;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** `root` is /srv/con. */
export function lookAtChild(root: string, child: Child): Look {
  const paths = agentPaths(root, child.name);
  const record = readOwn(join(paths.outbox, `${child.task}.json`), child.uid, maxRecordBytes);
  if (record === "missing") {
    const { active, deferred, held } = paths.queue;
    const hasWork = [paths.inbox, active, deferred, held].some((place) =>
      isThere(join(place, `${child.task}.task`)),
    );
    return { kind: hasWork ? "working" : "lost" };
  }
  const ended = record === "odd" ? null : endOf(record.bytes);
  const spent = { ...(ended?.spent ?? nothing), uses: usesOf(paths.uses, child.uid) };
  const response = readOwn(join(paths.outbox, `${child.task}.response`), child.uid, maxWords);
  if (ended === null || typeof response === "string") {
    const error = "its answer cannot be read: no plain files of its own lie in its outbox";
    return { kind: "ended", status: "failed", text: "", error, spent };
  }
  const words = plain(Buffer.from(response.bytes).toString("utf8").replace(/\n$/, ""));
  const text = cutTo(words, maxWords, response.size > maxWords ? response.size : undefined);
  return { kind: "ended", status: ended.status, text, error: ended.error || text, spent };
}

/** Lines and tabs stay; what drives a terminal, or takes six times its room in a record, does not. */
const plain = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

interface Own {
  /** The first part of it, where it is longer. */
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** `odd`: something is there that is no plain file of that user alone. */
function readOwn(path: string, uid: number, most: number): Own | "missing" | "odd" {
  return safely(path, (entry) => {
    // Devices and FIFOs are not even opened.
    if (!fs.lstatSync(entry).isFile()) return "odd";
    const fd = fs.openSync(entry, flags);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile() || stat.uid !== uid || stat.nlink !== 1) return "odd";
      const bytes = Buffer.alloc(Math.min(stat.size, most));
      let length = 0;
      for (let got = -1; got !== 0 && length < bytes.length; length += got)
        got = fs.readSync(fd, bytes, length, bytes.length - length, length);
      return { bytes: bytes.subarray(0, length), size: stat.size };
    } finally {
      fs.closeSync(fd);
    }
  });
}

const isThere = (path: string): boolean =>
  typeof safely(path, (entry) => ({ found: fs.lstatSync(entry) })) === "object";

/** Not there, or not to be reached without following somebody: both are the child's affair. */
function safely<T>(path: string, act: (entry: string) => T): T | "missing" | "odd" {
  try {
    return withWalk("refuse", ({ entry }) => act(entry(path)));
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return "missing";
    // EAGAIN: somebody holds a lease on it.
    if (["ENOTDIR", "ELOOP", "ENXIO", "ENODEV", "EAGAIN"].includes(code ?? "")) return "odd";
    throw error;
  }
}

const nothing: Spent = { usd: 0, tokens: 0, uses: {} };
const statuses = ["done", "failed", "cancelled"] as const;

/** Null for what is no record of a task. */
function endOf(bytes: Uint8Array) {
  const record = objectIn(bytes);
  const status = statuses.find((one) => one === record["status"]);
  if (status === undefined) return null;
  const { error } = record;
  const tokens = isObject(record["tokens"]) ? record["tokens"] : {};
  const spent = {
    ...nothing,
    usd: amount(record["cost_usd"]),
    tokens: amount(tokens["input"]) + amount(tokens["output"]),
  };
  return { status, error: typeof error === "string" ? error : "", spent };
}

/** How often it used what it has a share of; a damaged file says all of it. */
function usesOf(path: string, uid: number): Readonly<Record<string, number>> {
  const file = readOwn(path, uid, maxUsesBytes);
  if (typeof file === "string") return {};
  const { counters } = objectIn(file.bytes);
  return Object.fromEntries(
    Object.entries(isObject(counters) ? counters : {}).flatMap(([key, counter]) => {
      const [, tool] = /^tool:([A-Za-z0-9_.-]{1,110})$/.exec(key) ?? [];
      const total = isObject(counter) ? amount(counter["total"]) : 0;
      return tool === undefined ? [] : [[tool, total] as const];
    }),
  );
}

const amount = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;

function objectIn(bytes: Uint8Array): JsonObject {
  const value = jsonOrNull(bytes);
  return isObject(value) ? value : {};
}
