/**
 * The memory's table of contents as background of a task. Pure but for reading the index file.
 *
 * A trusted task sees by name only what trusted tasks told; of the rest it sees that it is there. A stranger's task
 * sees its own.
 */
import type { Section } from "../../agent/background.ts";
import { indexText } from "../../memory/registry.ts";
import type { Task } from "../../task/task.ts";
import { readIndex } from "./index-file.ts";
import { ownerOf } from "./owner.ts";
import type { MemoryWorld } from "./world.ts";

const bytes = 2000;

export function indexSections({ disk, paths }: MemoryWorld, task: Task): Section[] {
  const owner = ownerOf(disk, paths, task);
  const all = readIndex(disk, paths);
  const own = all.filter((category) => category.owner === owner);
  const others = task.trust === "verified" ? all.filter((one) => one.owner !== owner) : [];
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
