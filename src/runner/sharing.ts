/**
 * Shared memories, for one task. Loaded only when a call wants them (test/runner/lazy.test.ts). Never: decides who may
 * reach a directory; that do grants and the kernel.
 */
import { randomBytes } from "node:crypto";
import type { Disk } from "../system/disk.ts";
import type { Task } from "../task/task.ts";
import type { SharedMemories } from "../tools/desks.ts";
import type { FilePolicy } from "../tools/policies.ts";
import type { SharedWorld } from "./memory/shared.ts";
import { createNames } from "./names.ts";

interface SharingWorld {
  readonly system: { readonly agents: readonly { readonly name: string; readonly uid: number }[] };
  readonly agent: { readonly name: string };
  readonly disk: Disk;
  readonly now: () => number;
}

export function createSharing(
  { system, agent, disk, now }: SharingWorld,
  task: Pick<Task, "id">,
  files: () => FilePolicy,
): SharedMemories {
  const names = createNames(disk, system.agents);
  const world = (): SharedWorld => ({
    agent: agent.name,
    task: task.id,
    files: files(),
    now,
    nonce: () => randomBytes(16).toString("hex"),
    agentOf: (uid) => names(uid).agent,
  });
  return {
    share: async (...args) => (await import("./memory/shared.ts")).share(world(), ...args),
    recall: async (...args) => (await import("./memory/shared.ts")).recallShared(world(), ...args),
  };
}
