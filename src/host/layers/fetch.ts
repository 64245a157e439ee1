/**
 * Has the installer (units/con-layer@.service) work on one order, and hands its archive to whoever reads it.
 *
 * Never: waits for the installer; has it work on two orders, because instances share a user, and one could write into
 * another's archive; believes it: what it wrote lies in root's own directory, under names that root chose. That it was
 * started is known until the next boot and no longer: after a power cut what it wrote is worth nothing.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { errnoOf, namesIn } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { exec } from "../../system/exec.ts";
import { type LayerName, layerKey, orderSuffix } from "../../system/layers/names.ts";
import type { LayerOrder } from "../../system/layers/order.ts";
import { layerBegun, layerOrders } from "../paths.ts";
import type { ReadArchive } from "./archive.ts";

type Fetched<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export interface Installer {
  /** Starts it for that order and for no other. Returns at once: null, or why it could not be started. */
  readonly begin: (order: LayerOrder) => Promise<string | null>;
  readonly stateOf: (of: LayerName) => Promise<"not begun" | "at work" | "ended">;
  /** Of one that has ended. */
  readonly take: <T>(of: LayerName, use: (read: ReadArchive) => Promise<T>) => Promise<Fetched<T>>;
  /** It is stopped, and nothing is left of what it was told and brought. */
  readonly clear: () => Promise<void>;
}

export const layerInstaller: Installer = { begin, stateOf, take, clear };

const maxWords = 2000;
const unitOf = (of: LayerName): string => `con-layer@${layerKey(of)}.service`;
const placeOf = (of: LayerName, suffix: string): string =>
  join(layerOrders, `${layerKey(of)}.${suffix}`);

/** A start that a crash cuts off before the last line is none. */
async function begin(order: LayerOrder): Promise<string | null> {
  await clear();
  for (const suffix of ["tar", "err"])
    fs.writeFileSync(placeOf(order, suffix), "", { flag: "wx", mode: 0o600 });
  fs.writeFileSync(placeOf(order, "json"), JSON.stringify(order), { flag: "wx", mode: 0o600 });
  const begun = await exec(["systemctl", "start", "--no-block", "--", unitOf(order)]);
  if (begun.code !== 0) return begun.stderr.trim() || `systemctl start ended with ${begun.code}`;
  fs.writeFileSync(layerBegun, layerKey(order), { flag: "wx", mode: 0o600 });
  return null;
}

async function stateOf(of: LayerName): Promise<"not begun" | "at work" | "ended"> {
  if (begunKey() !== layerKey(of)) return "not begun";
  const unit = unitOf(of);
  const shown = await exec(["systemctl", "show", "--property=ActiveState,Job", "--", unit]);
  const active = /^ActiveState=(.+)$/m.exec(shown.stdout)?.[1];
  if (shown.code !== 0 || active === undefined) throw unanswered(shown.stderr);
  if (active === "inactive" || active === "failed")
    return /^Job=[1-9]/m.test(shown.stdout) ? "at work" : "ended";
  if (active !== "deactivating") return "at work";
  // Killed, or over and about to say so: seconds at most.
  await stopped(unit);
  return "ended";
}

function begunKey(): string | null {
  try {
    return fs.readFileSync(layerBegun, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function take<T>(of: LayerName, use: (read: ReadArchive) => Promise<T>): Promise<Fetched<T>> {
  const fd = fs.openSync(placeOf(of, "tar"), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (fs.fstatSync(fd).size > 0) return { ok: true, value: await use(readerOf(fd)) };
  } finally {
    fs.closeSync(fd);
  }
  const why = wordsIn(placeOf(of, "err"));
  return { ok: false, why: why === "" ? "it was stopped: its time or memory was over" : why };
}

async function clear(): Promise<void> {
  await stopped("con-layer@*.service");
  fs.rmSync(layerBegun, { force: true });
  for (const name of namesIn(layerOrders))
    if (!name.endsWith(orderSuffix)) fs.rmSync(join(layerOrders, name), { force: true });
}

/** None of that name is no trouble. */
async function stopped(unit: string): Promise<void> {
  const { code, stderr } = await exec(["systemctl", "stop", "--", unit]);
  if (code !== 0) throw unanswered(stderr);
}

const unanswered = (stderr: string): ConError =>
  new ConError(
    exit.tryLater,
    "con-layer@.service",
    stderr.trim() || "systemctl does not answer",
    "it is tried again",
  );

function wordsIn(path: string): string {
  const fd = fs.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.alloc(maxWords);
    const got = fs.readSync(fd, bytes, 0, maxWords, 0);
    const text = bytes.toString("utf8", 0, got);
    return text
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .trim()
      .toWellFormed();
  } finally {
    fs.closeSync(fd);
  }
}

const readerOf =
  (fd: number): ReadArchive =>
  (bytes) => {
    const piece = Buffer.alloc(bytes);
    let done = 0;
    for (let got = -1; done < bytes && got !== 0; done += got)
      got = fs.readSync(fd, piece, done, bytes - done, null);
    return piece.subarray(0, done);
  };
