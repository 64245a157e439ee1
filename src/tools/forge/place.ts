/**
 * Whether a task may have a tool of that name. Looked at when it asks, and again when the tool is registered: others
 * forge as well. Reads only.
 */
import type { ToolContext } from "../tool.ts";
import { nameTrouble } from "./names.ts";
import type { Registry } from "./registry.ts";

type Asking = Pick<ToolContext, "task">;

/** What a stranger may have a word in: what the task is to do, or what it has read. */
export const isDoubtful = ({ task }: Asking): boolean =>
  task.tainted === true || task.trust !== "verified";

/** Why it may not, or null. */
export const placeTrouble = (name: string, registry: Registry, asking: Asking): string | null =>
  nameTrouble(name, registry.names()) ?? takeoverTrouble(name, registry, asking);

/** What trusted tasks rely on is not for strangers to make anew. */
function takeoverTrouble(name: string, registry: Registry, asking: Asking): string | null {
  if (!isDoubtful(asking) || registry.pointer(name) === null) return null;
  const old = registry.load(name);
  return old.ok && old.manifest.tainted
    ? null
    : `forged.${name} is there for tasks that strangers have no word in, and this task has read words of strangers: take another name`;
}
