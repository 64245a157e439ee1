/**
 * `con sweep`: starts every agent that has work which no wake announced. Run by con-sweep.service.
 *
 * An agent that is held keeps its work waiting. Looks at names and times only: never opens or moves an
 * entry. What is due is decided again by the runner; a start too many costs one short process. A folder
 * that cannot be listed, because its agent put something else in its place, counts as empty: it is
 * nobody else's trouble.
 */
import { join } from "node:path";
import { readSystem } from "../config/compiled.ts";
import { holdOf, readHolds } from "../config/holds.ts";
import type { SystemRuntime } from "../config/types.ts";
import { retryTimeOf } from "../spool/defer.ts";
import { agentPaths, outerInbox } from "../spool/layout.ts";
import { type Disk, errnoOf, nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { exec } from "../system/exec.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Run by con-sweep.service every half minute, when a file in some queue gives a reason. Finds due
retries, waits that are over, leftovers of a crash, and plain drops for agents that have only a bell.

Example:
  con sweep`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("sweep", "Start the agents that have work waiting.", example);
  if (parse(command, argv, io) === "help") return exit.ok;
  if (io.uid !== 0) {
    const why = "only root sees all queues and starts agents";
    throw new ConError(exit.permission, "sweep", why, "run it as root (sudo con sweep)");
  }
  const system = readSystem();
  const holds = readHolds();
  const free = system.agents.filter((agent) => holdOf(holds, agent) === null);
  const units = agentsWithWork(nodeDisk, { ...system, agents: free }, io.now()).map(
    (name) => `con@${name}.service`,
  );
  if (units.length === 0) return exit.ok;
  const result = await exec(["systemctl", "start", "--no-block", "--", ...units]);
  if (result.code === 0) return exit.ok;
  const why = result.stderr.trim().split("\n")[0] ?? "systemctl failed";
  throw new ConError(exit.unavailable, "sweep", why, "see systemctl status 'con@*.service'");
}

/** Names of agents whose folders hold something to do at `nowMs`. */
export function agentsWithWork(disk: Disk, system: SystemRuntime, nowMs: number): string[] {
  return system.agents.flatMap(({ name }) => {
    const paths = agentPaths(system.root, name);
    const inboxes = [paths.inbox, ...(name === system.frontDesk ? [outerInbox(system.root)] : [])];
    const hasWork =
      inboxes.some((inbox) => list(disk, inbox).some(isClaimable)) ||
      list(disk, paths.queue.active).some(isEntry) ||
      list(disk, paths.queue.deferred).some(
        (entry) => isEntry(entry) && isDue(disk, join(paths.queue.deferred, entry), nowMs),
      ) ||
      // Beside the tasks lie their notes.
      list(disk, paths.queue.held).some(
        (entry) =>
          isEntry(entry) &&
          entry.endsWith(".task") &&
          isDue(disk, join(paths.queue.held, entry), nowMs),
      );
    return hasWork ? [name] : [];
  });
}

const isEntry = (name: string): boolean => !name.startsWith(".");

/** A task, or one that was set aside because somebody was still writing it. */
const isClaimable = (name: string): boolean =>
  name.endsWith(".task") && (isEntry(name) || name.startsWith(".open-"));

/** A deferred task carries the time of its retry as mtime, a held one that of its next look. */
function isDue(disk: Disk, path: string, nowMs: number): boolean {
  try {
    return retryTimeOf(disk.lstat(path)) <= nowMs;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return false;
  }
}

function list(disk: Disk, directory: string): string[] {
  try {
    return disk.list(directory);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return [];
  }
}
