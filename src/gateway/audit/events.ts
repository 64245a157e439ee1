/**
 * What a runner may say about itself: kinds, fields and their bounds. Pure.
 *
 * A record is made of known fields only, each looked at; who says it, and when, is added by whoever heard it.
 * Never: takes over a name, a uid or a time of its own from an event as if it were true.
 */
import type { ChainRecord, Json } from "../../system/chain.ts";
import { preview, redact } from "../../system/redact.ts";

export const eventLimits = {
  batchBytes: 64 << 10,
  eventBytes: 4 << 10,
  previewBytes: 200,
} as const;

/** Undefined = it is not what this field holds. */
type Field = (value: unknown) => Json | undefined;

const words =
  (most: number): Field =>
  (value) =>
    typeof value === "string" && value.length <= most ? redact(value) : undefined;
/** Names of tasks, tools, agents: kept as they are, or the same thing could not be found again. */
const name =
  (most = 200): Field =>
  (value) =>
    typeof value === "string" && value.length <= most ? value : undefined;
const count: Field = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
const yes: Field = (value) => (typeof value === "boolean" ? value : undefined);
const hash: Field = (value) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value : undefined;
const shown: Field = (value) =>
  typeof value === "string" ? preview(value, eventLimits.previewBytes) : undefined;
const oneOf =
  (...all: readonly string[]): Field =>
  (value) =>
    typeof value === "string" && all.includes(value) ? value : undefined;

interface Kind {
  readonly needs: Readonly<Record<string, Field>>;
  readonly may?: Readonly<Record<string, Field>>;
}

const call = { step: count, index: count };

const kinds: Readonly<Record<string, Kind>> = {
  task: {
    needs: {
      state: oneOf(
        ...["claimed", "refused", "attempt", "outcome", "done", "failed", "cancelled"],
        ...["deferred", "held", "resumed", "retried"],
      ),
    },
    may: {
      from: name(),
      from_uid: count,
      trust: oneOf("verified", "unverified"),
      attempt: count,
      outcome: name(20),
      why: words(500),
      until: name(40),
      reply_to: name(),
      wait_for: name(1000),
      journal_lines: count,
    },
  },
  "tool-call": {
    needs: { ...call, name: name(), args_sha256: hash, args_bytes: count, preview: shown },
    may: { runs: yes },
  },
  "tool-result": {
    needs: { ...call, ok: yes, bytes: count },
    may: { interrupted: yes, sent: name(), why: words(600) },
  },
  "tool-held": {
    needs: { ...call },
    may: { wait_for: name(1000), until: name(40), why: words(600), sent: name() },
  },
  denied: {
    needs: { code: name(100), asked: words(700) },
    may: { ...call, rule: words(700), how: words(700) },
  },
  approval: {
    needs: { state: oneOf("asked", "approved", "denied", "expired"), id: name() },
    may: { ...call, what: words(500), by: name(), why: words(500) },
  },
  grant: { needs: { grant: words(500) }, may: { ...call, use: count, left: count } },
  check: { needs: { round: count, passed: count, failed: count } },
  lost: { needs: { count }, may: { why: words(500) } },
};

const common: Readonly<Record<string, Field>> = { task: name(), said_at: name(40) };

/** `stream` is one run of a runner, `n` the number of the event in it. */
export interface Heard {
  readonly stream: string;
  readonly n: number;
  readonly record: ChainRecord;
}

/** An event as a runner sent it, or why it is none. */
export function hear(value: unknown): Heard | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is no object";
  if (Buffer.byteLength(JSON.stringify(value)) > eventLimits.eventBytes)
    return `it is longer than ${eventLimits.eventBytes} bytes`;
  const { kind, stream, n } = value as Record<string, unknown>;
  const shape =
    typeof kind === "string" && Object.hasOwn(kinds, kind) ? (kinds[kind] ?? null) : null;
  if (typeof kind !== "string" || shape === null) return "its kind is not known";
  if (typeof stream !== "string" || !/^[0-9a-f]{16}$/.test(stream)) return "it has no stream";
  if (count(n) === undefined || n === 0) return "it has no number";
  const fields = fieldsOf(value as Record<string, unknown>, shape);
  if (typeof fields === "string") return fields;
  return { stream, n: n as number, record: { kind, ...fields } };
}

function fieldsOf(value: Record<string, unknown>, shape: Kind): ChainRecord | string {
  const fields: Record<string, Json> = {};
  for (const [key, read] of Object.entries({ ...common, ...shape.may, ...shape.needs })) {
    const isThere = Object.hasOwn(value, key) && value[key] !== null;
    if (!isThere && !Object.hasOwn(shape.needs, key)) continue;
    const found = isThere ? read(value[key]) : undefined;
    if (found === undefined) return `its ${key} is not what it should be`;
    fields[key] = found;
  }
  return fields;
}
