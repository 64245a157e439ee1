/** The answer of a settled task: record and response, read as from a stranger. */
import { join } from "node:path";
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { TaskRecord } from "../../task/task.ts";
import { denied, joinTrusted } from "./access.ts";
import { type Reading, readOwned } from "./read.ts";
import { decodeRecord } from "./record.ts";

export interface Answer {
  readonly record: TaskRecord;
  /** null while it is not there, or not any more. */
  readonly text: string | null;
  /** Where the text lies. */
  readonly path: string;
}

/** The answer of task `id`, or null while there is none. Throws what a person must know. */
export function readAnswer(
  disk: Disk,
  system: SystemRuntime,
  agent: AgentEntry,
  id: string,
): Answer | null {
  const { outbox } = agentPaths(system.root, agent.name);
  const record = textOf(readOwned(disk, join(outbox, `${id}.json`), agent.uid), id, outbox);
  if (record === null) return null;
  const path = join(outbox, `${id}.response`);
  const text = textOf(readOwned(disk, path, agent.uid), id, outbox);
  const decoded = decodeRecord(record);
  if (decoded !== null) return { record: decoded, text, path };
  const remedy = `look at ${join(outbox, `${id}.json`)}`;
  throw new ConError(exit.badInput, `task ${id}`, "its record is not readable JSON", remedy);
}

function textOf(reading: Reading, id: string, outbox: string): string | null {
  switch (reading.kind) {
    case "text":
      return reading.text;
    case "missing":
      return null;
    case "denied":
      throw denied(`answer of ${id}`, outbox, joinTrusted);
    case "refused":
      throw new ConError(
        exit.badInput,
        `answer of ${id}`,
        `not read, for ${reading.why}`,
        `look at ${outbox} as root; an agent may have planted it`,
      );
  }
}
