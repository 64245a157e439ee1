/**
 * Task files: bytes ↔ `Request`.
 *
 * A file is text, optionally with front matter before it and our end marker `--- end N` after it
 * (N = bytes before that line): only a file with the marker is known to be whole. Exactly one
 * newline at the end belongs to the format, not to the text. Never: reads who sent it, guesses at
 * malformed input, or throws for anything that is in the bytes.
 */

import { writeDoneWhen } from "./done-when.ts";
import { type Fields, readFields } from "./fields.ts";
import {
  type Keys,
  maxFrontMatterBytes,
  type ParseYaml,
  readSimple,
  writeEntry,
} from "./front-matter.ts";
import type { Request } from "./task.ts";

/** Hard limit of a task file. */
export const maxTaskBytes = 16 * 1024 * 1024;

export interface DecodeLimits {
  readonly maxBytes: number;
  /** Needed when `needsYaml(bytes)`; see yaml.ts. */
  readonly parseYaml: ParseYaml | null;
}

export type Decoded =
  | { readonly ok: true; readonly request: Request; readonly complete: boolean }
  | { readonly ok: false; readonly why: string };

/** A request with only a text; the rest are the defaults. */
export const requestOf = (text: string, rest: Partial<Request> = {}): Request => ({
  text,
  thread: null,
  replyTo: null,
  interim: false,
  priority: "normal",
  deadline: null,
  attachments: [],
  hops: 0,
  via: [],
  behalf: null,
  control: null,
  doneWhen: null,
  extra: {},
  ...rest,
});

/** The bytes of a task file. */
export function encodeTask(request: Request, options: { readonly endMarker: boolean }): Uint8Array {
  const lines = frontMatterOf(request);
  const { text } = request;
  // An empty front matter keeps a text that looks like one, or begins with a BOM, from being read so.
  const bare = lines.length === 0 && !text.startsWith("---") && !text.startsWith("\ufeff");
  const head = bare ? "" : `---\n${lines.map((line) => `${line}\n`).join("")}---\n`;
  const body = Buffer.from(`${head}${text}\n`);
  return options.endMarker ? Buffer.concat([body, Buffer.from(`--- end ${body.length}\n`)]) : body;
}

function frontMatterOf(request: Request): string[] {
  const { control, doneWhen } = request;
  const known: readonly (readonly [string, unknown])[] = [
    ["thread", request.thread],
    ["reply_to", request.replyTo],
    ["interim", request.interim ? "yes" : null],
    ["priority", request.priority === "normal" ? null : request.priority],
    ["deadline", request.deadline],
    ["attachments", request.attachments.length === 0 ? null : request.attachments],
    ["hops", request.hops === 0 ? null : String(request.hops)],
    ["via", request.via.length === 0 ? null : request.via],
    ["on_behalf_of", request.behalf],
    ["cancel", control?.verb === "cancel" ? control.id : null],
    ["retry", control?.verb === "retry" ? control.id : null],
    ...(doneWhen === null ? [] : [writeDoneWhen(doneWhen)]),
    ...Object.entries(request.extra),
  ];
  return known.flatMap(([key, value]) => (value === null ? [] : [writeEntry(key, value)]));
}

const endMarker = /(?:^|\n)--- end (\d{1,9})\n?$/;

/** Length of the content when the bytes end with a marker that fits, else null. */
export function markedLength(bytes: Uint8Array): number | null {
  const tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - 32))).toString("latin1");
  const found = endMarker.exec(tail);
  if (found?.[1] === undefined) return null;
  const line = found[0].startsWith("\n") ? found[0].slice(1) : found[0];
  const length = Number(found[1]);
  return length === bytes.length - line.length ? length : null;
}

/** Decodes what was read of a file. */
export function decodeTask(bytes: Uint8Array, limits: DecodeLimits): Decoded {
  if (bytes.length === 0) return refuse("the file is empty");
  if (bytes.length > limits.maxBytes)
    return refuse(`the file is larger than ${limits.maxBytes} bytes`);
  const length = markedLength(bytes);
  const content = textOf(bytes.subarray(0, length ?? bytes.length));
  if (content === null) return refuse("the text is not UTF-8");
  const split = splitFrontMatter(content);
  if (!split.ok) return split;
  const keys = readKeys(split.front, limits.parseYaml);
  if (!keys.ok) return keys;
  const fields = readFields(keys.keys);
  if (!fields.ok) return fields;
  return finish(fields.fields, split.body.replace(/\n$/, ""), length !== null);
}

function finish(fields: Fields, text: string, complete: boolean): Decoded {
  if (text.trim() === "" && fields.control === null) return refuse("the task has no text");
  return { ok: true, request: { ...fields, text }, complete };
}

/** True when the front matter is not in `con`'s own form, so that `decodeTask` needs `parseYaml`. */
export function needsYaml(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, maxFrontMatterBytes + 16)).toString("utf8");
  const split = splitFrontMatter(head);
  return split.ok && split.front !== null && readSimple(split.front) === null;
}

const refuse = (why: string) => ({ ok: false, why }) as const;

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

type Split =
  | { readonly ok: true; readonly front: string | null; readonly body: string }
  | { readonly ok: false; readonly why: string };

function splitFrontMatter(raw: string): Split {
  const content = raw.replace(/^\ufeff/, "");
  const opening = /^---[ \t]*\r?\n/.exec(content);
  if (opening === null) return { ok: true, front: null, body: content };
  const rest = content.slice(opening[0].length);
  const closing = /(?:^|\n)---[ \t]*(?:\r?\n|$)/.exec(rest);
  if (closing === null) return refuse("the front matter is not closed by a line ---");
  const front = rest.slice(0, closing.index);
  if (front.length > maxFrontMatterBytes) return refuse("the front matter is too long");
  return { ok: true, front, body: rest.slice(closing.index + closing[0].length) };
}

type ReadKeys =
  | { readonly ok: true; readonly keys: Keys }
  | { readonly ok: false; readonly why: string };

function readKeys(front: string | null, parseYaml: ParseYaml | null): ReadKeys {
  if (front === null) return { ok: true, keys: new Map() };
  const simple = readSimple(front);
  if (simple !== null) return { ok: true, keys: simple };
  if (parseYaml === null) return refuse("the front matter needs a YAML parser");
  return readYaml(front, parseYaml);
}

function readYaml(front: string, parseYaml: ParseYaml): ReadKeys {
  try {
    const value = parseYaml(front);
    if (value === null) return { ok: true, keys: new Map() };
    if (typeof value !== "object" || Array.isArray(value)) {
      return refuse("the front matter is not a list of `key: value` lines");
    }
    return { ok: true, keys: new Map(Object.entries(value)) };
  } catch (error) {
    // Whatever the parser throws (bad YAML, too deep a nesting) is a fault of the text.
    return refuse(`front matter: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}
