/** What the chain of actions keeps of temporary agents: that one was begun, and how it ended. */
import type { Child, Place, Spawn } from "../../host/children/types.ts";
import type { StewardWorld } from "../world.ts";
import { childName } from "./name.ts";

type Recorder = Pick<StewardWorld, "record" | "now">;

const about = (world: Recorder, { id, parent, task }: Spawn, role: string) => ({
  at: new Date(world.now()).toISOString(),
  id,
  parent,
  task,
  role,
});

export function recordStart(world: Recorder, spawn: Spawn, { order }: Place, child: Child): void {
  const { name, uid, attempt, task } = child;
  world.record({
    ...about(world, spawn, order.role),
    event: "child-begins",
    child: name,
    uid,
    attempt,
    child_task: task,
  });
}

const maxError = 500;

/** Of a place as it is now: its last child has ended, and perhaps another attempt comes. */
export function recordEnd(world: Recorder, spawn: Spawn, index: number): void {
  const place = spawn.places[index];
  if (place === undefined) return;
  const { order, child, firstError, result } = place;
  const attempt = child?.attempt ?? result?.attempts ?? 1;
  const status = result?.status ?? "failed";
  const error = result === null ? firstError : status === "done" ? null : result.text;
  world.record({
    ...about(world, spawn, order.role),
    event: "child-ended",
    child: child?.name ?? childName(spawn.id, index, Math.max(1, attempt)),
    attempt,
    ...(child === null ? {} : { child_task: child.task }),
    status,
    error: error?.slice(0, maxError).toWellFormed() ?? null,
    another_attempt: result === null,
  });
}
