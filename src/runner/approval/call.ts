/**
 * One call of a tool as people decide on it: which it is, and what they see of it. Pure.
 *
 * The id stands for agent, task, call, tool and arguments: the same call always asks the same question,
 * and another one never gets its answer. Never: an unredacted argument, or a character that drives or
 * reorders a terminal.
 */
import { preview, redact } from "../../system/redact.ts";
import { sha256 } from "../../system/sha256.ts";
import { derivedId, timeOfId } from "../../task/id.ts";

export interface AskedCall {
  readonly tool: string;
  readonly arguments_sha256: string;
  readonly arguments_bytes: number;
  readonly preview: string;
}

/** Room for what escaping adds; the steward takes 2048 characters. */
const previewBytes = 1800;
const maxPreview = 2048;

export function askedCall(tool: string, args: Readonly<Record<string, unknown>>): AskedCall {
  const text = canonical(args);
  const digest = sha256(canonical([tool, args]));
  return {
    tool,
    arguments_sha256: digest,
    arguments_bytes: Buffer.byteLength(text),
    preview: shown(text),
  };
}

export function approvalId(
  agent: string,
  task: string,
  callId: string,
  { tool, arguments_sha256 }: AskedCall,
): string {
  const parts = ["approval", agent, task, callId, tool, arguments_sha256];
  return derivedId(timeOfId(task), parts);
}

/** JSON with sorted keys: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : one,
  );
}

/** JSON writes C0 controls as escapes; these are the others that change what a reader sees, or nobody sees. */
const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** The head of a text, harmless on a terminal. */
export function shown(text: string): string {
  const visible = text
    .toWellFormed()
    .replace(odd, (one) => `\\u{${one.codePointAt(0)?.toString(16) ?? ""}}`);
  const cut = preview(visible, previewBytes);
  // Redacted once more: an escape must not have split what looks like a key.
  return redact(cut).slice(0, maxPreview).toWellFormed();
}
