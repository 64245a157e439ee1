/** Takes a file or a folder away, into the archive. Never: removes anything for good; follows a link. */
import { answering, done, text } from "./answer.ts";
import { archiveAway } from "./files/archive.ts";
import { absolute } from "./files/reach.ts";
import type { Tool } from "./tool.ts";

export const deleteFile: Tool = {
  name: "delete_file",
  description:
    "Deletes a file, or a folder with all in it. It is kept for a while and can be brought back with restore_file. " +
    "Use this instead of rm.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace" },
    },
    required: ["path"],
    additionalProperties: false,
  },
  parallel: false,
  run: async (args, context) =>
    answering(context, () => {
      const path = absolute(context.files.workspace, text(args, "path"));
      const { id, bytes } = archiveAway(context, path);
      return done(`deleted ${path} (${bytes} bytes); restore_file brings it back: version ${id}`);
    }),
};
