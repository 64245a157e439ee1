/**
 * Where a plan lies and when it is done. Pure.
 *
 * A plan belongs to a thread and a principal: root and trusted people are one, every other uid is one of its own. So
 * a name of a thread that a stranger writes opens the stranger's plan and nobody else's.
 */
import { createHash } from "node:crypto";
import { safePrefix } from "./id.ts";
import type { Task } from "./task.ts";

export const maxPlanBytes = 16 * 1024;

/** Who a thread and what is known in it belong to. Who moved a file here is unknown, and so is nobody else. */
export function principalOf({ id, trust, from, moved }: Asked): string {
  if (trust === "verified") return "trusted";
  return moved === true ? `moved-${id}` : `uid-${from.uid}`;
}

type Asked = Pick<Task, "id" | "trust" | "from" | "moved">;

const shownChars = 40;

/** A file name: what one can read of the thread's name, then what no other thread has. */
export function planFile(task: Asked & Pick<Task, "request">): string {
  const { thread } = task.request;
  const parts = thread === null ? ["task", task.id] : ["thread", principalOf(task), thread];
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `${safePrefix(thread ?? "task").slice(0, shownChars)}-${digest.slice(0, 40)}.md`;
}

const box = /^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]/gm;

/** It has boxes, and all are ticked. */
export function isFinished(plan: string): boolean {
  const boxes = [...plan.matchAll(box)];
  return boxes.length > 0 && boxes.every(([, tick]) => tick !== " ");
}
