/**
 * The memory's table of contents as background of a task. Pure but for reading the index file.
 *
 * A trusted task sees by name only what trusted tasks told; of the rest it sees that it is there. A stranger's task
 * sees its own.
 */
import type { Section } from "../../agent/background.ts";
import { indexText } from "../../memory/registry.ts";
import { principalOf } from "../../task/principal.ts";
import type { Task } from "../../task/task.ts";
import { type OwnedCategory, readIndex } from "./index-file.ts";
import type { MemoryWorld } from "./world.ts";

const bytes = 2000;

export function indexSections({ disk, paths }: MemoryWorld, task: Task): Section[] {
  const owner = principalOf(task);
  const all = readIndex(disk, paths);
  const isTrusted = task.trust === "verified";
  // Late answers of agents are kept with what trusted people asked for; their names for it are a stranger's.
  const isNamed = (one: OwnedCategory): boolean =>
    one.owner === owner && (!isTrusted || one.trust === "verified");
  const own = all.filter(isNamed);
  const others = isTrusted ? all.filter((one) => !isNamed(one)) : [];
  const told = others.reduce((sum, { count }) => sum + count, 0);
  const lines = [
    indexText(own, bytes, (text) => Buffer.byteLength(text)),
    ...(told === 0
      ? []
      : [`${told} memories that unverified senders told, in ${others.length} categories`]),
  ].filter((line) => line !== "");
  if (lines.length === 0) return [];
  const heading =
    "What your memory holds: categories, how many memories, their newest. `recall` finds them by words, `memories` lists them.";
  return [{ heading, text: lines.join("\n") }];
}
