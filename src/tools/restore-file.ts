/** Brings a former version of a file, or a deleted one, back. Never: loses what stands in its place. */
import { answering, done, refused, text, textOr } from "./answer.ts";
import { versionsOf } from "./files/archive-folder.ts";
import { absolute } from "./files/reach.ts";
import { restore } from "./files/restore.ts";
import { timeOf } from "./files/versions.ts";
import type { Tool } from "./tool.ts";

export const restoreFile: Tool = {
  name: "restore_file",
  description:
    "Brings back a file or folder that was deleted, or a former version of a file that was written over; without " +
    "version the latest one. What is in its place is kept as a version too. See file_versions.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "What it was called" },
      version: { type: "string", minLength: 1, maxLength: 60, description: "Of file_versions" },
      to: {
        type: "string",
        minLength: 1,
        description: "Another place for it (default: where it was)",
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  parallel: false,
  run: async (args, context) =>
    answering(context, () => {
      const { workspace } = context.files;
      const path = absolute(workspace, text(args, "path"));
      const to = absolute(workspace, textOr(args, "to", path));
      const wanted = textOr(args, "version", "");
      const version = versionsOf(context, path).find(({ id }) => wanted === "" || id === wanted);
      if (version === undefined)
        return refused(
          `there is no ${wanted === "" ? "version" : `version ${wanted}`} of ${path}: see file_versions`,
        );
      restore(context, version, to);
      return done(`restored ${to}: ${version.bytes} bytes, as of ${timeOf(version)}`);
    }),
};
