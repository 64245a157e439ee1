/** The real world of a session: this machine's disk, clock, names and locks. */
import { randomBytes } from "node:crypto";
import type { AgentRuntime, SystemRuntime } from "../config/runtime.ts";
import { agentPaths, bellOf } from "../spool/layout.ts";
import type { Mailbox, Post, SpoolWorld } from "../spool/world.ts";
import { nodeDisk } from "../system/disk.ts";
import { type Lease, loadLease } from "../system/lease.ts";
import { type Lock, takeLock } from "../system/lock.ts";
import type { Log } from "../system/log.ts";
import { briefLingerMs, lingerMs } from "../task/retry.ts";
import { loadYaml } from "../task/yaml.ts";
import { openBell } from "./bell.ts";
import { type Hints, watchInboxes } from "./inbox-watch.ts";
import { createNames } from "./names.ts";

export interface SessionWorld extends SpoolWorld {
  readonly root: string;
  /** Aborted by SIGTERM: finish nothing, lose nothing, end soon. */
  readonly stop: AbortSignal;
  readonly lingerMs: number;
  readonly lock: (path: string) => Promise<Lock | null>;
  readonly watch: (directories: readonly string[]) => Hints;
}

export interface SessionParts {
  readonly agent: string;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly progress: (id: string) => number;
  readonly told: NonNullable<SpoolWorld["told"]>;
}

/** What `con run` passes to `runSession`. */
export function sessionWorld(
  system: SystemRuntime,
  { agent, ...parts }: SessionParts,
): SessionWorld {
  const disk = nodeDisk;
  let lease: Promise<Lease | null> | null = null;
  return {
    ...parts,
    disk,
    root: system.root,
    now: Date.now,
    randomBytes: (count) => randomBytes(count),
    senderOf: createNames(disk, system.agents),
    mailboxOf: (agent) => mailboxIn(system, agent),
    lease: () => {
      lease ??= loadLease();
      return lease;
    },
    loadYaml,
    lingerMs: isTemporary(system, agent) ? briefLingerMs : lingerMs,
    lock: (path) => takeLock(disk, path),
    watch: (directories) => watchWithBell(directories, parts.log),
  };
}

const isTemporary = ({ agents }: SystemRuntime, agent: string): boolean =>
  agents.some(({ name, parent }) => name === agent && parent !== undefined);

/** Where an agent's tasks go, and what to ring. */
function mailboxIn(system: SystemRuntime, agent: string): Mailbox | null {
  const entry = system.agents.find(({ name }) => name === agent);
  if (entry === undefined) return null;
  const { inbox } = agentPaths(system.root, agent);
  return { inbox, bell: entry.wake === "bell" ? bellOf(agent) : null };
}

/** An agent's side of the queue from its compiled configuration. */
export const postOf = (root: string, agent: AgentRuntime): Post => ({
  name: agent.name,
  uid: agent.uid,
  paths: agentPaths(root, agent.name),
  inboxes: agent.inboxes,
  trustedUids: agent.trustedUids,
  taskerUids: agent.taskerUids,
});

function watchWithBell(directories: readonly string[], log: Log): Hints {
  const hints = watchInboxes(directories, log);
  const bell = openBell(process.env, process.pid, hints.give);
  return {
    ...hints,
    close: () => {
      hints.close();
      bell?.close();
    },
  };
}
