/**
 * The audit trail of what agents do, kept by the gateway because no agent can become its user.
 *
 * `agents-YYYY-MM-DD.jsonl`: a hash chain over all days (system/daily-chain.ts). Who acted is the uid that the
 * kernel named, and the time is ours; what a runner claims about itself stands beside it, as its claim.
 *
 * When `write` returns, the lines survive the end of this process, and of any other; a power cut within the
 * next 50 ms may take them. Never: changes or removes a line; keeps a key (redacted again here, whatever the
 * sender did); throws for a disk that fails from anywhere but `write`. After a crash: at worst a part of the
 * latest lines at the end, which the next ones note.
 */

import type { ChainRecord } from "../system/chain.ts";
import { type DailyChain, openDailyChain } from "../system/daily-chain.ts";
import type { Disk } from "../system/disk.ts";
import { reasonOf } from "../system/errors.ts";
import type { Log } from "../system/log.ts";
import { createPace, denialPace, strangerPace } from "./audit/pace.ts";
import type { LedgerRow } from "./ledger.ts";

/** Who acted, as the kernel and the configuration say. */
export interface Actor {
  readonly uid: number;
  readonly name: string | null;
}

export interface Denial {
  readonly code: string;
  readonly asked: string;
  readonly task?: string | null;
}

export interface Audit {
  /** Throws when they cannot be written. */
  readonly write: (by: Actor, records: readonly ChainRecord[]) => void;
  /** Of a call that is in the ledger. What goes wrong is logged. */
  readonly call: (row: LedgerRow) => void;
  /** What the gateway refused. What goes wrong is logged. */
  readonly denied: (by: Actor, denial: Denial) => void;
  readonly close: () => void;
}

export interface AuditParts {
  readonly disk: Disk;
  /** Made where it is missing. */
  readonly directory: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Hears each line that was written, e.g. for journald. */
  readonly also?: (record: ChainRecord) => void;
}

export const auditName = "agents";
/** Group `trusted` reads it through an ACL, which the group bits mask. */
const mode = 0o640;
const syncAfterMs = 50;

export function openAudit(parts: AuditParts): Audit {
  const { disk, directory, now, log } = parts;
  let chain: DailyChain | null = null;
  let timer: NodeJS.Timeout | null = null;
  const strangers = createPace(strangerPace, now);
  const known = createPace(denialPace, now);
  const sync = (): void => {
    timer = null;
    try {
      chain?.sync();
    } catch (error) {
      // Opened anew, it looks at what is really there.
      log.error("the audit trail could not be put on disk", { why: reason(error) });
      chain = null;
    }
  };
  const write: Audit["write"] = ({ uid, name }, records) => {
    if (chain === null) disk.makeDirectory(directory, 0o700);
    chain ??= openDailyChain(disk, directory, auditName, { mode, now });
    const at = new Date(now()).toISOString();
    const lines = records.map((record) => ({ ...record, at, uid, agent: name }));
    chain.write(lines);
    timer ??= setTimeout(sync, syncAfterMs);
    for (const line of lines) parts.also?.(line);
  };
  const tryWrite = (by: Actor, record: ChainRecord): void => {
    try {
      write(by, [{ ...record, source: "gateway" }]);
    } catch (error) {
      log.error("a line is missing in the audit trail", { uid: by.uid, why: reason(error) });
    }
  };
  return {
    write,
    call: (row) => tryWrite({ uid: row.uid, name: row.agent }, callRecord(row)),
    denied: (by, { code, asked, task }) => {
      const isFine = by.name === null ? strangers.take(0, 1) : known.take(by.uid, 1);
      if (isFine) tryWrite(by, { kind: "denied", code, asked, task: task ?? undefined });
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
      sync();
      chain?.close();
      chain = null;
    },
  };
}

const callRecord = (row: LedgerRow): ChainRecord => ({
  kind: "model-call",
  task: row.task ?? undefined,
  alias: row.alias,
  model: row.model,
  input_tokens: row.input,
  output_tokens: row.output,
  cost_usd: row.costUsd,
  status: row.status,
  latency_ms: Math.round(row.latencyMs),
});

export const reason = (error: unknown): string => reasonOf(error);
