/**
 * Stands in for path units and the sweep timer: starts a session of an agent when something lies in
 * its inboxes, and looks by itself now and then. One session per agent at a time.
 *
 * The look is the truth, the watcher only makes it soon. Never: loses a task that arrives while a
 * session ends, or spins on one that cannot be run now.
 */
import { join } from "node:path";
import { watch } from "chokidar";
import type { AgentRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import { type Disk, errnoOf, listed } from "../../system/disk.ts";

export interface WatchWorld {
  readonly disk: Disk;
  readonly root: string;
  readonly now: () => number;
  /** Runs until the agent's queue is empty. False when it should not be tried again at once. */
  readonly run: (agent: AgentRuntime) => Promise<boolean>;
  readonly sweepMs: number;
}

export interface Watching {
  /** Ends watching and waits for the sessions, which must have been told to stop. */
  readonly close: () => Promise<void>;
}

export async function watchAgents(
  world: WatchWorld,
  agents: readonly AgentRuntime[],
): Promise<Watching> {
  const running = new Map<string, Promise<void>>();
  let closed = false;
  const wake = (agent: AgentRuntime, why: typeof isCalled): void => {
    if (closed || running.has(agent.name) || !why(world, agent)) return;
    const session = world.run(agent).then((again) => {
      running.delete(agent.name);
      if (again) wake(agent, isCalled);
    });
    running.set(agent.name, session);
  };
  const wakeAll = (why: typeof isCalled): void => {
    for (const agent of agents) wake(agent, why);
  };
  const watcher = watch(
    agents.flatMap(({ inboxes }) => inboxes),
    { depth: 0, ignoreInitial: true },
  );
  watcher.on("all", () => wakeAll(isCalled));
  await new Promise<void>((resolve) => watcher.on("ready", () => resolve()));
  const timer = setInterval(() => wakeAll(hasWork), world.sweepMs);
  wakeAll(hasWork);
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await watcher.close();
      await Promise.all(running.values());
    },
  };
}

/** What the path unit's glob asks. */
export const isCalled = (world: WatchWorld, agent: AgentRuntime): boolean =>
  lies(world, agent, (name) => name.endsWith(".task") && !name.startsWith("."));

/** What the conditions of con-sweep.service ask on top of that. */
export function hasWork(world: WatchWorld, agent: AgentRuntime): boolean {
  const { queue } = agentPaths(world.root, agent.name);
  return (
    isCalled(world, agent) ||
    lies(world, agent, (name) => name.startsWith(".open-")) ||
    listed(world.disk, queue.active).length > 0 ||
    listed(world.disk, queue.deferred).some((name) => isDue(world, join(queue.deferred, name))) ||
    listed(world.disk, queue.held).some(
      (name) => name.endsWith(".task") && isDue(world, join(queue.held, name)),
    )
  );
}

const lies = (
  { disk }: WatchWorld,
  { inboxes }: AgentRuntime,
  fits: (name: string) => boolean,
): boolean => inboxes.some((inbox) => listed(disk, inbox).some(fits));

/** The time of the retry, or of the next look, is the modification time (spool protocol). */
function isDue(world: WatchWorld, path: string): boolean {
  try {
    return Number(world.disk.lstat(path).mtimeMs) <= world.now();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
