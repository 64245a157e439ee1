/**
 * What an agent did, as events for the audit trail: out of its journal's lines, and of what becomes of its
 * tasks. Pure.
 *
 * Arguments are hashed, and shown redacted in at most 200 bytes. Never: holds an answer, a result's text or
 * whole arguments.
 */
import type { CallResult, JournalLine } from "../../agent/journal.ts";
import { effectiveCall } from "../../agent/toolbox/effective.ts";
import type { TaskNews } from "../../spool/world.ts";
import { firstBytes, preview } from "../../system/redact.ts";
import { sha256 } from "../../system/sha256.ts";
import type { GrantUse } from "../constraints.ts";

/** Keys with undefined are left out when it is sent. */
export type RunnerEvent = { readonly kind: string; readonly task?: string } & Readonly<
  Record<string, string | number | boolean | undefined>
>;

const previewBytes = 200;
/** Each may take twice as much as JSON; all of an event stay below what the gateway takes. */
const lengths = { name: 200, why: 400, ids: 800 } as const;
const clip = (text: string, most: number): string =>
  firstBytes(text.slice(0, most).replace(/[\u0000-\u001f\u007f]/g, " "), most);
const name = (text: string): string => clip(text, lengths.name);
const iso = (ms: number): string | undefined =>
  Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined;

export const newsEvent = (
  { state, task, why, until, waitFor }: TaskNews,
  nowMs: number,
): RunnerEvent => ({
  kind: "task",
  said_at: iso(nowMs),
  task: name(task.id),
  state,
  from: name(task.from.name),
  from_uid: task.from.uid,
  trust: task.trust,
  reply_to: task.request.replyTo === null ? undefined : name(task.request.replyTo),
  why: why === undefined ? undefined : clip(why, lengths.why),
  until: until === undefined ? undefined : iso(until),
  wait_for: waitFor === undefined ? undefined : clip(waitFor.join(" "), lengths.ids),
});

/** One use of a grant that is bounded by number or rate. */
export function grantEvent(task: string, { grant, callId, use, left }: GrantUse): RunnerEvent {
  const [step, index] = callId.split("-").map(Number);
  const said = { grant: clip(grant, lengths.why), use, left: left ?? undefined };
  return { kind: "grant", task: name(task), step, index, ...said };
}

type Line<K extends JournalLine["kind"]> = Extract<JournalLine, { kind: K }>;

/** Tells one attempt. It remembers the calls of the latest turn, for those that are refused before they run. */
export interface Teller {
  readonly tell: (lines: readonly JournalLine[]) => RunnerEvent[];
}

export function createTeller(task: string, history: readonly JournalLine[]): Teller {
  const id = name(task);
  let latest: Line<"model-result"> | null = null;
  const begun = new Set<string>();
  const remember = (line: JournalLine): void => {
    if (line.kind === "model-result") latest = line;
    if (line.kind === "tool-intent") begun.add(`${line.step}-${line.index}`);
  };
  for (const line of history) remember(line);
  /** A call that was refused before it ran has no line of its own in the journal. */
  const notRun = ({ step, index }: { readonly step: number; readonly index: number }) => {
    const call = latest?.step === step ? latest.toolCalls[index - 1] : undefined;
    if (call === undefined || begun.has(`${step}-${index}`)) return [];
    return [{ ...callEvent(id, { step, index, ...effectiveCall(call) }), runs: false }];
  };
  const eventsOf = (line: JournalLine): RunnerEvent[] => {
    switch (line.kind) {
      case "attempt":
        return [{ kind: "task", task: id, state: "attempt", journal_lines: history.length }];
      case "tool-intent":
        return [callEvent(id, line)];
      case "tool-result": {
        const refused = notRun(line);
        return [...refused, resultEvent(id, line, refused.length > 0), ...deniedEvents(id, line)];
      }
      case "tool-hold":
        return [...notRun(line), heldEvent(id, line)];
      case "check-result": {
        const passed = line.results.filter(({ state }) => state === "pass").length;
        const failed = line.results.length - passed;
        return [{ kind: "check", task: id, round: line.round, passed, failed }];
      }
      case "final":
        return [outcomeEvent(id, line)];
      default:
        return [];
    }
  };
  return {
    tell: (lines) =>
      lines.flatMap((line) => {
        remember(line);
        const said_at = name(line.at);
        return eventsOf(line).map((event) => ({ ...event, said_at }));
      }),
  };
}

const callEvent = (
  task: string,
  call: Pick<Line<"tool-intent">, "step" | "index" | "name" | "arguments">,
): RunnerEvent => ({
  kind: "tool-call",
  task,
  step: call.step,
  index: call.index,
  name: name(call.name),
  args_sha256: sha256(call.arguments),
  args_bytes: Buffer.byteLength(call.arguments),
  preview: preview(call.arguments, previewBytes),
});

/** The text of a call that ran may be anything; why one did not run is our own. */
const resultEvent = (task: string, line: CallResult, isOurs: boolean): RunnerEvent => ({
  kind: "tool-result",
  task,
  step: line.step,
  index: line.index,
  ok: line.ok,
  bytes: Buffer.byteLength(line.text),
  interrupted: line.interrupted ? true : undefined,
  sent: line.sent === null ? undefined : name(line.sent),
  why: isOurs && !line.ok ? preview(line.text, previewBytes) : undefined,
});

const heldEvent = (task: string, line: Line<"tool-hold">): RunnerEvent => ({
  kind: "tool-held",
  task,
  step: line.step,
  index: line.index,
  wait_for: clip(line.waitFor.join(" "), lengths.ids),
  until: iso(line.until),
  why: clip(line.why, lengths.why),
  sent: line.sent === null ? undefined : name(line.sent),
});

/** A refusal as data (tools/denial.ts), where the journal keeps one. */
function deniedEvents(task: string, { step, index, denial }: CallResult): RunnerEvent[] {
  if (denial === undefined) return [];
  const [asked, rule, how] = [denial.asked, denial.rule, denial.how].map((part) =>
    clip(part, lengths.why),
  );
  return [{ kind: "denied", task, step, index, code: denial.code, asked, rule, how }];
}

function outcomeEvent(task: string, { outcome }: Line<"final">): RunnerEvent {
  const why =
    "why" in outcome ? outcome.why : outcome.kind === "cancelled" ? `by ${outcome.by}` : "";
  const said = why === "" ? undefined : clip(why, lengths.why);
  return { kind: "task", task, state: "outcome", outcome: outcome.kind, why: said };
}
