/**
 * `POST /con/audit`: what a runner says about its own agent, into the audit trail.
 *
 * The body is `{"events": […]}`, at most 64 KiB; each event has a kind, the fields of that kind, `stream` (one
 * run of a runner) and `n` (its number in it). Answered with 200 only when all that fits is written:
 * `{"accepted": N, "refused": [{"index", "why"}]}`. What was accepted before is not written twice; what is
 * missing before it is noted. Never: believes an event about who sent it, or lets one uid fill the disk fast.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayCaller } from "../../config/runtime.ts";
import type { ChainRecord } from "../../system/chain.ts";
import { type Audit, reason } from "../audit.ts";
import { jsonOf, readSmall } from "../body.ts";
import { type Problem, problem } from "../problem.ts";
import { eventLimits, type Heard, hear } from "./events.ts";
import { createPace, eventPace, type Pace } from "./pace.ts";

/** The latest number that was heard from each uid, in one run of its runner. */
type Latest = Map<number, { readonly stream: string; readonly n: number }>;

export interface AuditDoor {
  /** What went wrong, or null when it was answered. */
  readonly serve: (
    caller: GatewayCaller,
    request: IncomingMessage,
    response: ServerResponse,
  ) => Promise<Problem | null>;
}

export function createAuditDoor(audit: Audit, nowMs: () => number): AuditDoor {
  const pace = createPace(eventPace, nowMs);
  const latest: Latest = new Map();
  return {
    async serve(caller, request, response) {
      const bytes = await readSmall(request, eventLimits.batchBytes);
      if (bytes === null)
        return problem(413, `more than ${eventLimits.batchBytes} bytes of events`);
      const events = eventsIn(bytes);
      if (events === null) return problem(400, "the request needs `events`, a list");
      const taken = take(audit, { pace, latest }, caller, events);
      if ("status" in taken) return taken;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(taken));
      return null;
    },
  };
}

interface Taken {
  readonly accepted: number;
  readonly refused: readonly { readonly index: number; readonly why: string }[];
}

function take(
  audit: Audit,
  { pace, latest }: { readonly pace: Pace; readonly latest: Latest },
  caller: GatewayCaller,
  events: readonly unknown[],
): Taken | Problem {
  const { uid } = caller;
  if (!pace.take(uid, events.length)) return problem(429, "too many events of this user", 5);
  const heard = events.map(hear);
  const refused = heard.flatMap((one, index) =>
    typeof one === "string" ? [{ index, why: one }] : [],
  );
  const good = heard.filter((one) => typeof one !== "string");
  const { records, last } = inOrder(good, latest.get(uid) ?? null);
  const [first] = refused;
  const odd: ChainRecord[] =
    first === undefined
      ? []
      : [{ kind: "refused-events", count: refused.length, why: first.why, source: "gateway" }];
  try {
    audit.write(caller, [...records, ...odd]);
  } catch (error) {
    return problem(503, `the audit trail cannot be written: ${reason(error)}`, 5);
  }
  if (last !== null) latest.set(uid, last);
  return { accepted: good.length, refused };
}

/** Without those that were written before, and with a note where some are missing. */
function inOrder(
  heard: readonly Heard[],
  before: { readonly stream: string; readonly n: number } | null,
): { readonly records: readonly ChainRecord[]; readonly last: typeof before } {
  const records: ChainRecord[] = [];
  let last = before;
  for (const { stream, n, record } of heard) {
    const isKnown = last?.stream === stream;
    if (isKnown && last !== null && n <= last.n) continue;
    const missing = isKnown && last !== null ? n - last.n - 1 : 0;
    if (missing > 0)
      records.push({ kind: "gap", count: missing, stream, before: n, source: "gateway" });
    records.push({ ...record, stream, n, source: "runner" });
    last = { stream, n };
  }
  return { records, last };
}

function eventsIn(bytes: Buffer): readonly unknown[] | null {
  const value = jsonOf(bytes);
  const { events } = (value ?? {}) as { readonly events?: unknown };
  return Array.isArray(events) && events.length > 0 ? events : null;
}
