/**
 * Writes a whole file, or adds to its end. A denied or failed write leaves the old file as it was; what is written over is
 * kept as a version (restore_file).
 */

import { answering, done, text } from "./answer.ts";
import { keepFormer } from "./files/archive.ts";
import { absolute, writable } from "./files/reach.ts";
import { readAll } from "./files/read-all.ts";
import { storeWithin } from "./files/store.ts";
import type { Tool } from "./tool.ts";

export const writeFile: Tool = {
  name: "write_file",
  description:
    "Creates a file, or replaces all of it, with the given content; with append=true adds the " +
    "content to the end instead. Missing folders are created. The former version is kept (restore_file). " +
    "To change part of a file use edit_file.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace" },
      content: { type: "string", description: "The text to write, exactly" },
      append: {
        type: "boolean",
        description: "Add to the end instead of replacing (default false)",
      },
    },
    required: ["path", "content"],
    additionalProperties: false,
  },
  parallel: false,
  run: async (args, context) =>
    answering(context, () => {
      const { files } = context;
      const path = absolute(files.workspace, text(args, "path"));
      const content = Buffer.from(text(args, "content"));
      const before = args["append"] === true ? readAll(writable(files), path) : null;
      const bytes = before === null ? content : Buffer.concat([before, content]);
      const note = keepFormer(context, path);
      const what = storeWithin(writable(files), path, bytes);
      return done(`${what} ${path}: ${bytes.length} bytes${note}`);
    }),
};
