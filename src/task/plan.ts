/**
 * Where a plan lies and when it is done. Pure.
 *
 * A plan belongs to a thread and a principal. So a name of a thread that a stranger writes opens the stranger's plan and
 * nobody else's.
 */
import { createHash } from "node:crypto";
import { safePrefix } from "./id.ts";
import type { Task } from "./task.ts";

export const maxPlanBytes = 16 * 1024;

const shownChars = 40;

/** A file name: what one can read of the thread's name, then what no other thread has. `owner`: whose thread it is. */
export function planFile({ id, request }: Pick<Task, "id" | "request">, owner: string): string {
  const { thread } = request;
  const parts = thread === null ? ["task", id] : ["thread", owner, thread];
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `${safePrefix(thread ?? "task").slice(0, shownChars)}-${digest.slice(0, 40)}.md`;
}

const box = /^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]/gm;

/** It has boxes, and all are ticked. */
export function isFinished(plan: string): boolean {
  const boxes = [...plan.matchAll(box)];
  return boxes.length > 0 && boxes.every(([, tick]) => tick !== " ");
}
