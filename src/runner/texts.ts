/** Texts that are too long for a model, kept where its tools can read them: `workspace/.con/tasks/NAME.txt`. */
import { join } from "node:path";
import type { AgentPaths } from "../spool/layout.ts";
import { errnoOf } from "../system/disk.ts";
import { reasonOf } from "../system/errors.ts";
import type { Log } from "../system/log.ts";
import { below, Denied } from "../tools/files/reach.ts";
import { storeWithin } from "../tools/files/store.ts";

export interface TextsWorld {
  readonly paths: Pick<AgentPaths, "workspace">;
  readonly log: Log;
}

/** The queue is out of reach for tools, so a long text gets a copy where they can read it. */
export function keepText(world: TextsWorld, id: string, text: string): string | null {
  const { workspace } = world.paths;
  const path = join(workspace, ".con", "tasks", `${id}.txt`);
  try {
    storeWithin(below(workspace), path, Buffer.from(text));
    return path;
  } catch (error) {
    // The agent's own doing, e.g. a link in place of the directory; the text's head must do.
    if (!(error instanceof Denied)) throw error;
    world.log.warn("the text of a task could not be kept", { task: id, why: error.message });
    return null;
  }
}

/** It is known elsewhere as well, out of reach for tools: a disk that is full is no reason to fail here. */
export function shelve(world: TextsWorld, id: string, text: string): string | null {
  try {
    return keepText(world, id, text);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    world.log.warn("a shortened text could not be kept", { id, why: reasonOf(error) });
    return null;
  }
}
