/**
 * A task in the private queue: one envelope line (what the kernel said at the claim), then the
 * sender's bytes unchanged. Nobody but the agent's runner can write there.
 *
 * The envelope tells the length, so that a damaged file is seen and never run.
 */
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { isObject, jsonOrNull } from "../system/json.ts";
import { decodeTask, maxTaskBytes, needsYaml } from "../task/codec.ts";
import type { ParseYaml } from "../task/front-matter.ts";
import { isId } from "../task/id.ts";
import type { Origin, Sender, Task, Trust } from "../task/task.ts";
import type { DeliverWorld } from "./world.ts";

/** Head of a queued file. */
export interface Envelope extends Origin {
  readonly id: string;
  /** RFC 3339: the start of the first attempt. */
  readonly claimedAt: string;
}

export interface Queued {
  readonly task: Task;
  readonly claimedAt: string;
}

const maxEnvelopeBytes = 4096;

function encodeQueued(envelope: Envelope, raw: Uint8Array): Uint8Array {
  const line = JSON.stringify({
    con: 1,
    id: envelope.id,
    uid: envelope.from.uid,
    name: envelope.from.name,
    agent: envelope.from.agent,
    trust: envelope.trust,
    received_at: envelope.receivedAt,
    claimed_at: envelope.claimedAt,
    size: envelope.size,
    moved: envelope.moved,
  });
  return Buffer.concat([Buffer.from(`${line}\n`), raw]);
}

/** Copies what was read into a private folder, durably; `path` is its place there. */
export function storeQueued(
  world: Pick<DeliverWorld, "disk" | "now">,
  path: string,
  { request: _, ...origin }: Task,
  bytes: Uint8Array,
): Queued["claimedAt"] {
  const claimedAt = new Date(world.now()).toISOString();
  const envelope = { ...origin, size: bytes.length, claimedAt };
  replaceDurably(world.disk, path, encodeQueued(envelope, bytes), 0o600);
  return claimedAt;
}

/** The envelope of a queued file and where the sender's bytes begin, or null when it is damaged. */
export function readEnvelope(
  bytes: Uint8Array,
): { readonly envelope: Envelope; readonly raw: Uint8Array } | null {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(0x0a);
  if (end < 0 || end > maxEnvelopeBytes) return null;
  const fields = jsonOrNull(bytes.subarray(0, end));
  const envelope = isObject(fields) ? envelopeOf(fields) : null;
  const raw = bytes.subarray(end + 1);
  return envelope === null || envelope.size !== raw.length ? null : { envelope, raw };
}

function envelopeOf(fields: Readonly<Record<string, unknown>>): Envelope | null {
  const { con, id, trust, received_at, claimed_at, size, moved } = fields;
  const from = senderIn(fields);
  if (con !== 1 || typeof id !== "string" || !isId(id) || from === null) return null;
  if (typeof received_at !== "string" || typeof claimed_at !== "string") return null;
  if (typeof size !== "number" || !isTrust(trust)) return null;
  const envelope = { id, from, trust, receivedAt: received_at, claimedAt: claimed_at, size };
  return moved === true ? { ...envelope, moved } : envelope;
}

function senderIn(fields: Readonly<Record<string, unknown>>): Sender | null {
  const { uid, name, agent } = fields;
  if (typeof uid !== "number" || typeof name !== "string") return null;
  return { uid, name, agent: typeof agent === "string" ? agent : null };
}

const isTrust = (value: unknown): value is Trust => value === "verified" || value === "unverified";

/** Reads a queued task. `missing` and `damaged` are different fates. */
export async function readQueued(
  disk: Disk,
  path: string,
  loadYaml: () => Promise<ParseYaml>,
): Promise<Queued | "missing" | "damaged"> {
  const bytes = readFile(disk, path, maxTaskBytes + maxEnvelopeBytes);
  if (bytes === null) return "missing";
  const parts = readEnvelope(bytes);
  if (parts === null) return "damaged";
  const { envelope, raw } = parts;
  const parseYaml = needsYaml(raw) ? await loadYaml() : null;
  const decoded = decodeTask(raw, { maxBytes: maxTaskBytes, parseYaml });
  if (!decoded.ok) return "damaged";
  const { claimedAt, ...origin } = envelope;
  return { task: { ...origin, request: decoded.request }, claimedAt };
}
