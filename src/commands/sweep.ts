/**
 * `con sweep`: starts every agent that has work which no wake announced. Run by con-sweep.service.
 *
 * An agent that is held keeps its work waiting. Leaves a mark for each temporary agent that the steward has to look
 * at, and one where packages are being fetched; writes nothing else. Starts the steward where its path unit did not.
 * Looks at names and times only: never opens or moves an entry. What is due is decided again by the runner; a start too
 * many costs one short process. A folder that cannot be listed, because its agent put something else in its place,
 * counts as empty: it is nobody else's trouble.
 */
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { readSystem } from "../config/compiled.ts";
import { holdOf, readHolds } from "../config/holds.ts";
import type { SystemRuntime } from "../config/runtime.ts";
import { readSpawns } from "../host/children/read.ts";
import { leavingChild } from "../host/children/state.ts";
import type { Spawn } from "../host/children/types.ts";
import { ended as endedDirectory, layerOrders, stewardInbox } from "../host/paths.ts";
import { retryTimeOf } from "../spool/defer.ts";
import { agentPaths, outerInbox } from "../spool/layout.ts";
import { type Disk, errnoOf, nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { exec } from "../system/exec.ts";
import { orderSuffix } from "../system/layers/names.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Run by con-sweep.service every half minute, when a file in some queue gives a reason. Finds due
retries, waits that are over, leftovers of a crash, plain drops for agents that have only a bell,
temporary agents whose time is over, or whose parent's task has ended, and requests to the steward that
its path unit missed.

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
  const ended = endedChildren(nodeDisk, system, readSpawns().spawns, io.now());
  for (const name of ended) mark(join(endedDirectory, name));
  if (list(nodeDisk, layerOrders).some((name) => name.endsWith(orderSuffix)))
    mark(join(endedDirectory, "layers"));
  const holds = readHolds();
  const free = system.agents.filter((agent) => holdOf(holds, agent) === null);
  const units = [
    ...(stewardHasWork(nodeDisk, stewardInbox, endedDirectory) ? ["con-steward.service"] : []),
    ...agentsWithWork(nodeDisk, { ...system, agents: free }, io.now()).map(
      (name) => `con@${name}.service`,
    ),
  ];
  if (units.length === 0) return exit.ok;
  const result = await exec(["systemctl", "start", "--no-block", "--", ...units]);
  if (result.code === 0) return exit.ok;
  const why = result.stderr.trim().split("\n")[0] ?? "systemctl failed";
  throw new ConError(exit.unavailable, "sweep", why, "see systemctl status 'con@*.service'");
}

/**
 * Temporary agents for the steward to look at: those that are to go, whose time is over, whose parent's task has ended,
 * or that have nothing left to do, because the mark that their unit leaves does not outlive a boot. Where no such
 * agent is left, the record itself.
 */
export function endedChildren(
  disk: Disk,
  system: SystemRuntime,
  spawns: readonly Spawn[],
  nowMs: number,
): string[] {
  return spawns.flatMap((spawn) => {
    const isOver = Date.parse(spawn.deadline) <= nowMs || !hasTask(disk, system, spawn);
    const children = spawn.places.flatMap((place) =>
      place.child === null ? [] : [{ name: place.child.name, goes: leavingChild(place) !== null }],
    );
    const ended = children.filter(({ name, goes }) => goes || isOver || isIdle(disk, system, name));
    return children.length === 0 ? [spawn.id] : ended.map(({ name }) => name);
  });
}

/** The steward looks again before it ends anything. */
function hasTask(disk: Disk, { root }: SystemRuntime, { parent, task }: Spawn): boolean {
  const { active, held, deferred } = agentPaths(root, parent).queue;
  return [active, held, deferred].some((place) => list(disk, place).includes(`${task}.task`));
}

function isIdle(disk: Disk, { root }: SystemRuntime, name: string): boolean {
  const { inbox, queue } = agentPaths(root, name);
  const isThere = (directory: string): boolean => list(disk, directory).some(isEntry);
  return ![inbox, queue.active, queue.deferred, queue.held].some(isThere);
}

/** What con-steward.path sees, too: a machine without an inotify instance left has none. */
export const stewardHasWork = (disk: Disk, inbox: string, ended: string): boolean =>
  list(disk, inbox).some((name) => isEntry(name) && name.endsWith(".json")) ||
  list(disk, ended).some(isEntry);

/** con-steward.path sees it. Written by root in a folder of root's. */
function mark(path: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  closeSync(openSync(path, flags, 0o600));
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
