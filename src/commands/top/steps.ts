/**
 * What agents did last, from the end of the record that the gateway keeps. Reads only.
 *
 * Who acted is known from the kernel; names of tools and tasks are the agent's own words. Never: more than the latest
 * lines, so that a turn costs the same however long the record is.
 */
import { type ChainRecord, lastRecords } from "../../system/chain.ts";
import type { Disk } from "../../system/disk.ts";
import { isDenied } from "../shared/access.ts";
import { chainPlace } from "../shared/chains.ts";

const latest = 200;

export interface Step {
  /** Of the latest line that names one. */
  readonly task: string | null;
  /** RFC 3339: when the latest attempt at it began; null = not among the latest lines. */
  readonly since: string | null;
  readonly text: string | null;
}

/** By agent. Empty where the caller may not look. */
export function latestSteps(disk: Disk, root: string): ReadonlyMap<string, Step> {
  const { files } = chainPlace(root, "agents");
  try {
    const links = lastRecords(disk, files(disk).slice(-2), latest);
    return stepsOf(links.flatMap((link) => (link === null ? [] : [link.record])));
  } catch (error) {
    if (isDenied(error)) return new Map();
    throw error;
  }
}

const nothing: Step = { task: null, since: null, text: null };

/** `records`: the oldest first. Pure. */
export function stepsOf(records: readonly ChainRecord[]): ReadonlyMap<string, Step> {
  const steps = new Map<string, Step>();
  const calls = new Map<string, string>();
  for (const record of records) {
    const { agent } = record;
    if (typeof agent !== "string") continue;
    const task = wordOf(record["task"]) || null;
    const before = steps.get(agent) ?? nothing;
    const same = task === null || task === before.task ? before : { ...nothing, task };
    const call = `${agent} ${task} ${wordOf(record["step"])}.${wordOf(record["index"])}`;
    if (record["kind"] === "tool-call") calls.set(call, wordOf(record["name"]));
    const text = textOf(record, calls.get(call) ?? "tool") ?? same.text;
    const since = begins(record) ? wordOf(record["at"]) : same.since;
    steps.set(agent, { task: same.task, since, text });
  }
  return steps;
}

const begins = ({ kind, state }: ChainRecord): boolean => kind === "task" && state === "attempt";

/** Null for lines that are no step. */
function textOf(record: ChainRecord, tool: string): string | null {
  switch (record["kind"]) {
    case "model-call":
      return `model ${wordOf(record["alias"])}`.trimEnd();
    case "tool-call":
      return record["runs"] === false ? `${tool} not run` : tool;
    case "tool-result":
      return `${tool} ${record["ok"] === true ? "ok" : "failed"}`;
    case "tool-held":
      return `${tool} waits`;
    case "check":
      return "completion checks";
    case "denied":
      return `denied ${wordOf(record["code"])}`.trimEnd();
    case "task":
      return record["state"] === "attempt" ? "begins" : null;
    default:
      return null;
  }
}

const wordOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";
