/**
 * How a task's text is put before a model, and how the text is found again.
 *
 * The fence carries a nonce that the sender cannot know, so no text can close its own frame.
 * Both sides live here so that the reflex engine reads exactly what the runner writes.
 */
import type { Trust } from "./task.ts";

export interface Framed {
  readonly id: string;
  readonly from: string;
  readonly trust: Trust;
  readonly replyTo: string | null;
  readonly text: string;
}

const open = (nonce: string) => `<<<task ${nonce}`;
const close = (nonce: string) => `${nonce} task>>>`;

/** Encodes a task for the model. `nonce` must be unguessable (≥ 64 random bits, hex). */
export function frame(task: Framed, nonce: string): string {
  const header = JSON.stringify({
    id: task.id,
    from: task.from,
    trust: task.trust,
    reply_to: task.replyTo,
  });
  return `${open(nonce)}\n${header}\n${task.text}\n${close(nonce)}`;
}

const opening = /^<<<task ([0-9a-f]{16,})\n(\{[^\n]*\})\n/m;

/** The framed task inside a message, or null where there is none or the frame is broken. */
export function unframe(message: string): Framed | null {
  const found = opening.exec(message);
  if (found?.[1] === undefined || found[2] === undefined) return null;
  const start = found.index + found[0].length;
  const end = message.indexOf(`\n${close(found[1])}`, start - 1);
  if (end < 0) return null;
  const header = JSON.parse(found[2]) as Record<string, string | null>;
  return {
    id: String(header["id"]),
    from: String(header["from"]),
    trust: header["trust"] === "verified" ? "verified" : "unverified",
    replyTo: header["reply_to"] ?? null,
    text: message.slice(start, Math.max(start, end)),
  };
}
