/**
 * `logs_chain`: history of contracts, log of the steward's acts and audit trail of agents are as they were
 * written.
 *
 * The history's end is known from the state, the audit trail's from what this check remembers: cut lines are
 * missed too. Files of past days whose inode, size and change time are those that were checked are not read
 * again. Never: shows a line, or holds up the evaluator while it reads.
 */
import { constants } from "node:fs";
import { join } from "node:path";
import { agentAudit, audit, reports } from "../../host/paths.ts";
import {
  type ChainCheck,
  type ChainHead,
  chainFiles,
  verifyChainInTurns,
} from "../../system/chain.ts";
import { dailyFiles } from "../../system/daily-chain.ts";
import { type Disk, nodeDisk } from "../../system/disk.ts";
import type { BuiltinCheck, Verdict } from "../types.ts";

export interface LogPlaces {
  readonly history: string;
  readonly actions: string;
  /** Directory of the audit trail. */
  readonly agents: string;
}

const installed: LogPlaces = {
  history: join(reports, "history.jsonl"),
  actions: join(audit, "actions.jsonl"),
  agents: agentAudit,
};

/** What is remembered of the audit trail. */
interface Memory {
  /** How far it went. */
  readonly agents: ChainHead;
  /** Files before the last one that were read whole, and the head after them. */
  readonly past: { readonly prints: readonly string[]; readonly head: ChainHead } | null;
}

/** `head`: how far the history went when it was written last. */
export const logsChain =
  (head: ChainHead | null, places: LogPlaces = installed, disk: Disk = nodeDisk): BuiltinCheck =>
  async (_args, { memory, remember, signal }) => {
    const all = [
      { path: places.history, expect: head },
      { path: places.actions, expect: null },
    ];
    let lines = 0;
    for (const { path, expect } of all) {
      const checked = await verifyChainInTurns(signal, disk, chainFiles(disk, path), expect);
      if (!checked.ok) return broken(checked, "con contract history --verify");
      lines += checked.head.seq;
    }
    const before = isMemory(memory) ? memory : null;
    const trail = await verifyTrail(disk, places.agents, before, signal);
    if (!trail.check.ok) return broken(trail.check, "con logs --verify");
    if (trail.memory !== null) remember(trail.memory);
    return { state: "pass", found: `${lines + trail.check.head.seq} lines, none changed` };
  };

const broken = (
  { file, line, why }: Extract<ChainCheck, { ok: false }>,
  remedy: string,
): Verdict => ({
  state: "fail",
  found: `${file}, line ${line}: ${why}`,
  key: `${file}:${line}`,
  remedy,
  agents: [],
});

async function verifyTrail(
  disk: Disk,
  directory: string,
  before: Memory | null,
  signal: AbortSignal,
): Promise<{ readonly check: ChainCheck; readonly memory: Memory | null }> {
  const files = dailyFiles(disk, directory, "agents");
  syncLast(disk, files);
  const older = files.slice(0, -1);
  const prints = older.map((file) => printOf(disk, file));
  const past = before?.past ?? null;
  const known = past !== null && sameStart(past.prints, prints) ? past : null;
  const skip = known?.prints.length ?? 0;
  const middle = await verifyChainInTurns(signal, disk, files.slice(skip, -1), null, known?.head);
  if (!middle.ok) return { check: middle, memory: null };
  // A remembered end among files that were not read again was met when they were.
  const isMet = before === null || (known !== null && before.agents.seq <= known.head.seq);
  const expect = isMet ? null : before.agents;
  const from = expect !== null && expect.seq <= middle.head.seq ? skip : older.length;
  const start = from === skip ? known?.head : middle.head;
  const check = await verifyChainInTurns(signal, disk, files.slice(from), expect, start);
  if (!check.ok) return { check, memory: null };
  const memory =
    check.head.seq === 0 ? null : { agents: check.head, past: { prints, head: middle.head } };
  return { check, memory };
}

/** What is remembered must not be taken back by a power cut. */
function syncLast(disk: Disk, files: readonly string[]): void {
  const last = files.at(-1);
  if (last === undefined) return;
  const fd = disk.open(last, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    disk.sync(fd);
  } finally {
    disk.close(fd);
  }
}

/** A change of the file changes its change time, which nobody can set back. */
function printOf(disk: Disk, file: string): string {
  const stat = disk.lstat(file);
  return `${file} ${stat.ino} ${stat.size} ${stat.ctimeNs}`;
}

const sameStart = (known: readonly string[], now: readonly string[]): boolean =>
  known.length <= now.length && known.every((print, index) => print === now[index]);

const isHead = (value: unknown): value is ChainHead => {
  const { seq, hash } = (value ?? {}) as Partial<Record<keyof ChainHead, unknown>>;
  return typeof seq === "number" && typeof hash === "string";
};

function isMemory(value: unknown): value is Memory {
  const { agents, past } = (value ?? {}) as Partial<Record<keyof Memory, unknown>>;
  if (!isHead(agents) || past === undefined) return false;
  const { prints, head } = (past ?? {}) as { readonly prints?: unknown; readonly head?: unknown };
  return past === null || (Array.isArray(prints) && isHead(head));
}

/** How far the audit trail went when it was checked last, from what all checks remember. */
export function agentsHeadIn(memory: Readonly<Record<string, unknown>>): ChainHead | null {
  return Object.values(memory).find(isMemory)?.agents ?? null;
}
