/** Tells which former versions and deleted files there are. Changes nothing. */
import { safeText } from "../sandbox/output.ts";
import { answering, done, textOr } from "./answer.ts";
import { pathOf, versionsOf } from "./files/archive-folder.ts";
import { absolute } from "./files/reach.ts";
import { timeOf, type Version, type VersionKind } from "./files/versions.ts";
import type { Tool } from "./tool.ts";

const mostLines = 50;

const words: Readonly<Record<VersionKind, string>> = {
  written: "before it was written over",
  deleted: "deleted",
  directory: "deleted folder",
  database: "database before a change",
};

export const fileVersions: Tool = {
  name: "file_versions",
  description:
    "Lists former versions of a file, the latest first; without path, what was deleted or written over lately. " +
    "restore_file brings one back.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace" },
    },
    additionalProperties: false,
  },
  parallel: true,
  run: async (args, context) =>
    answering(context, () => {
      const asked = textOr(args, "path", "");
      const path = asked === "" ? null : absolute(context.files.workspace, asked);
      const all = versionsOf(context, path);
      if (all.length === 0) return done(`nothing is kept${path === null ? "" : ` of ${path}`}`);
      const lines = all.slice(0, mostLines).map((version) => {
        const name = path ?? pathOf(context, version.key);
        return line(version, name ?? "(a path that is not known)");
      });
      const more = all.length > mostLines ? [`… and ${all.length - mostLines} older ones`] : [];
      return done([...lines, ...more].join("\n"));
    }),
};

const line = (version: Version, path: string): string =>
  `${version.id}  ${timeOf(version)}  ${version.bytes} bytes  ${words[version.kind]}  ${oneLine(path)}`;

/** Names of files are anybody's. */
const oneLine = (path: string): string => safeText(Buffer.from(path)).replaceAll(/[\n\t]/g, "?");
