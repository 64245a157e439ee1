/**
 * Replaces an exact piece of text in a file, and keeps what it was (restore_file). Never: guesses where a piece was
 * meant to be.
 */
import { answering, done, refused, text } from "./answer.ts";
import { keepFormer } from "./files/archive.ts";
import { absolute, type Reach, writable } from "./files/reach.ts";
import { readAll } from "./files/read-all.ts";
import { storeWithin } from "./files/store.ts";
import type { ToolResult } from "./result.ts";
import type { Tool } from "./tool.ts";

export const editFile: Tool = {
  name: "edit_file",
  description:
    "Replaces old_string by new_string in a text file. old_string must occur exactly as given, with " +
    "its spaces and line ends, and only once; take enough lines around it to make it unique, or " +
    "set replace_all. Read the file first.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace" },
      old_string: { type: "string", minLength: 1, description: "The text that is there now" },
      new_string: { type: "string", description: "The text to put in its place" },
      replace_all: { type: "boolean", description: "Replace every occurrence (default false)" },
    },
    required: ["path", "old_string", "new_string"],
    additionalProperties: false,
  },
  parallel: false,
  run: async (args, context) =>
    answering(context, () => {
      const { files } = context;
      const path = absolute(files.workspace, text(args, "path"));
      const bytes = readAll(writable(files), path);
      if (bytes === null) return refused(`${path} does not exist: use write_file to create it`);
      const edited = replace(
        bytes,
        Buffer.from(text(args, "old_string")),
        Buffer.from(text(args, "new_string")),
        args["replace_all"] === true,
      );
      if ("refusal" in edited) return refused(`${path} was not changed: ${edited.refusal}`);
      const note = keepFormer(context, path);
      return store(writable(files), path, edited, note);
    }),
};

interface Edited {
  readonly bytes: Buffer;
  readonly count: number;
}

function store(reach: Reach, path: string, edited: Edited, note: string): ToolResult {
  storeWithin(reach, path, edited.bytes);
  return done(`edited ${path}: ${edited.count} replaced, ${edited.bytes.length} bytes${note}`);
}

/** On bytes, so that whatever else the file holds stays as it is. */
function replace(
  bytes: Buffer,
  before: Buffer,
  after: Buffer,
  all: boolean,
): Edited | { readonly refusal: string } {
  const places = occurrences(bytes, before);
  if (places.length === 0)
    return { refusal: "old_string does not occur in it; read the file and copy the text exactly" };
  if (places.length > 1 && !all)
    return {
      refusal: `old_string occurs ${places.length} times; make it unique or set replace_all`,
    };
  const parts: Buffer[] = [];
  let start = 0;
  for (const place of places) {
    parts.push(bytes.subarray(start, place), after);
    start = place + before.length;
  }
  parts.push(bytes.subarray(start));
  return { bytes: Buffer.concat(parts), count: places.length };
}

function occurrences(bytes: Buffer, piece: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(piece); at >= 0; at = bytes.indexOf(piece, at + piece.length))
    places.push(at);
  return places;
}
