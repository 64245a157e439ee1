/** Where everything of an agent lies. Pure path arithmetic; names are validated before they get here. */
import { join } from "node:path";

export interface AgentPaths {
  readonly base: string;
  readonly inbox: string;
  readonly outbox: string;
  readonly processed: string;
  readonly queue: {
    readonly active: string;
    readonly deferred: string;
    readonly held: string;
    readonly corrupt: string;
    readonly failed: string;
  };
  readonly state: string;
  readonly journal: string;
  /** Taken with flock(2) by whoever runs the agent. */
  readonly lock: string;
  /** Counts of what may be used only so often. */
  readonly uses: string;
  readonly workspace: string;
  readonly tools: string;
  /** Of others, which people let it call: root's. */
  readonly sharedTools: string;
  readonly archive: string;
}

/** `root` is `/srv/con`, or the directory of `con dev`. */
export function agentPaths(root: string, name: string): AgentPaths {
  const base = join(root, "agents", name);
  const queue = join(base, "queue");
  const state = join(base, "state");
  return {
    base,
    inbox: join(base, "inbox"),
    outbox: join(base, "outbox"),
    processed: join(base, "processed"),
    queue: {
      active: join(queue, "active"),
      deferred: join(queue, "deferred"),
      held: join(queue, "held"),
      corrupt: join(queue, "corrupt"),
      failed: join(queue, "failed"),
    },
    state,
    journal: join(state, "journal"),
    lock: join(state, "lock"),
    uses: join(state, "uses.json"),
    workspace: join(base, "workspace"),
    tools: join(base, "tools"),
    sharedTools: join(root, "tools"),
    archive: join(base, "archive"),
  };
}

/** The outer inbox, where people drop tasks for the front desk agent. */
export const outerInbox = (root: string): string => join(root, "inbox");

/** The FIFO that wakes an agent beyond the machine's inotify limit; see units/con-bell@.socket. */
export const bellOf = (name: string): string => join("/run/con/bell", name);
