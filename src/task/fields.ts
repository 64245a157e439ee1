/** The known front matter keys, each checked; unknown ones are kept as they are. Pure. */

import type { DoneWhen } from "./done-when/types.ts";
import { readDoneWhen } from "./done-when.ts";
import type { Keys } from "./front-matter.ts";
import { isId } from "./id.ts";
import { isBehalf } from "./principal.ts";
import type { Control, Priority, Request } from "./task.ts";

export type Fields = Omit<Request, "text">;

export type ReadFields =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly why: string };

const maxThread = 200;
const maxAttachments = 64;
const maxHops = 999;
/** Agents that one wish may pass through. */
export const maxVia = 8;
const known = new Set(
  "thread reply_to interim priority deadline attachments hops via on_behalf_of cancel retry done_when contract".split(
    " ",
  ),
);

class FieldError extends Error {}

/** Checks every known key; the first that is wrong is named. */
export function readFields(keys: Keys): ReadFields {
  try {
    return {
      ok: true,
      fields: {
        thread: thread(keys.get("thread")),
        replyTo: id("reply_to", keys.get("reply_to")),
        interim: interim(keys.get("interim")),
        priority: priority(keys.get("priority")),
        deadline: deadline(keys.get("deadline")),
        attachments: attachments(keys.get("attachments")),
        hops: hops(keys.get("hops")),
        via: via(keys.get("via")),
        behalf: behalf(keys.get("on_behalf_of")),
        control: control(keys),
        doneWhen: doneWhen(keys),
        extra: Object.fromEntries([...keys].filter(([key]) => !known.has(key))),
      },
    };
  } catch (error) {
    if (error instanceof FieldError) return { ok: false, why: error.message };
    throw error;
  }
}

function wrong(key: string, expected: string): never {
  throw new FieldError(`front matter: ${key} must be ${expected}`);
}

function thread(value: unknown): string | null {
  if (value === undefined) return null;
  const fits = typeof value === "string" && value.length > 0 && value.length <= maxThread;
  if (!fits || /[\u0000-\u001f\u007f]/.test(value)) {
    return wrong("thread", `one line of at most ${maxThread} characters`);
  }
  return value;
}

function id(key: string, value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" && isId(value) ? value : wrong(key, "a task id");
}

function interim(value: unknown): boolean {
  if (value === undefined) return false;
  return value === "yes" ? true : wrong("interim", "yes, or not there");
}

function priority(value: unknown): Priority {
  if (value === undefined) return "normal";
  return value === "low" || value === "normal" || value === "high"
    ? value
    : wrong("priority", "low, normal or high");
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function deadline(value: unknown): string | null {
  if (value === undefined) return null;
  const fits = typeof value === "string" && rfc3339.test(value) && !Number.isNaN(Date.parse(value));
  return fits ? value : wrong("deadline", "a time like 2027-01-31T09:00:00Z");
}

function attachments(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const fits =
    Array.isArray(value) &&
    value.length <= maxAttachments &&
    value.every((path) => typeof path === "string" && /^\/[^\u0000-\u001f]*$/.test(path));
  return fits ? value : wrong("attachments", `a list of at most ${maxAttachments} absolute paths`);
}

function hops(value: unknown): number {
  if (value === undefined) return 0;
  const fits = typeof value === "string" && /^\d{1,3}$/.test(value);
  return fits ? Number(value) : wrong("hops", `a number from 0 to ${maxHops}`);
}

function via(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const fits =
    Array.isArray(value) &&
    value.length <= maxVia &&
    value.every((name) => typeof name === "string" && /^[a-z][a-z0-9-]{0,30}$/.test(name));
  return fits ? value : wrong("via", `a list of at most ${maxVia} names of agents`);
}

/** What no runner wrote is no reason to refuse the task: it is for nobody in particular. */
const behalf = (value: unknown): string | null => (isBehalf(value) ? value : null);

function control(keys: Keys): Control | null {
  const cancel = id("cancel", keys.get("cancel"));
  const retry = id("retry", keys.get("retry"));
  if (cancel !== null && retry !== null) return wrong("cancel", "alone, without retry");
  if (cancel !== null) return { verb: "cancel", id: cancel };
  return retry === null ? null : { verb: "retry", id: retry };
}

/** Its parts are named in the message; see done-when.ts. */
function doneWhen(keys: Keys): DoneWhen | null {
  const read = readDoneWhen(keys.get("done_when"), keys.get("contract"));
  if (!read.ok) throw new FieldError(`front matter: ${read.why}`);
  return read.doneWhen;
}
