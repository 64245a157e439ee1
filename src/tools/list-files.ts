/** Lists files below a directory. Never: follows a link on its way down, or lists without an end. */
import fs from "node:fs";
import { join, relative } from "node:path";
import { safeText } from "../sandbox/output.ts";
import { answering, done, textOr } from "./answer.ts";
import { matchesGlob } from "./files/glob.ts";
import { directoryWithin, subdirectoryWithin } from "./files/open.ts";
import { absolute, Denied, readable } from "./files/reach.ts";
import { asStrangers, isStrangers } from "./files/strangers.ts";
import type { FilePolicy } from "./policies.ts";
import type { Tool } from "./tool.ts";

const maxListed = 500;
/** Entries looked at; a tree larger than this needs shell with find. */
const maxSeen = 50_000;
const maxDepth = 32;

export const listFiles: Tool = {
  name: "list_files",
  description:
    "Lists a folder: names, sizes, and what is a folder (ends with /). With glob it searches all " +
    'folders below too, e.g. "*.md" or "src/**/*.ts". Hidden folders are searched only when the ' +
    "glob begins with a dot.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Folder (default: the workspace)" },
      glob: { type: "string", minLength: 1, maxLength: 200, description: "Pattern with *, ?, **" },
    },
    additionalProperties: false,
  },
  parallel: true,
  run: async (args, context) =>
    answering(context, () => {
      const { files } = context;
      const path = absolute(files.workspace, textOr(args, "path", files.workspace));
      const glob = textOr(args, "glob", "");
      const found = glob === "" ? listOne(files, path) : walk(files, path, glob);
      const more = found.cut ? `\n[cut: more than ${found.lines.length} entries]` : "";
      if (found.lines.length === 0) return done(glob === "" ? "(empty)" : "(nothing matches)");
      return asStrangers(done(found.lines.join("\n") + more), found.isStrange);
    }),
};

interface Listing {
  readonly lines: readonly string[];
  readonly cut: boolean;
  /** Strangers may have chosen a name in it. */
  readonly isStrange: boolean;
}

function listOne(files: FilePolicy, path: string): Listing {
  return directoryWithin(readable(files), path, (fd, through) => {
    const entries = fs.readdirSync(through, { withFileTypes: true }).sort(byName);
    const lines = entries
      .slice(0, maxListed)
      .map((entry) => describe(join(through, entry.name), entry, entry.name));
    return { lines, cut: entries.length > maxListed, isStrange: isStrangers(files, fd) };
  });
}

const byName = (a: fs.Dirent, b: fs.Dirent): number => (a.name < b.name ? -1 : 1);

function describe(path: string, entry: fs.Dirent, shown: string): string {
  const name = safeText(Buffer.from(shown)).replaceAll("\n", "\\n");
  if (entry.isDirectory()) return `${name}/`;
  if (entry.isSymbolicLink()) return `${name} (link)`;
  if (!entry.isFile()) return `${name} (special)`;
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? name : `${name} (${stat.size} bytes)`;
}

/** Each directory is opened through its checked parent and not by a link, so it is inside too. */
function walk(files: FilePolicy, top: string, glob: string): Listing {
  const reach = readable(files);
  const lines: string[] = [];
  let seen = 0;
  let cut = false;
  let isStrange = false;
  const hidden = glob.startsWith(".");

  function visit(fd: number, directory: string, shown: string, depth: number): void {
    isStrange ||= isStrangers(files, fd);
    const entries = fs.readdirSync(directory, { withFileTypes: true }).sort(byName);
    for (const entry of entries) {
      seen += 1;
      cut ||= seen > maxSeen || lines.length >= maxListed;
      if (cut) return;
      const name = join(shown, entry.name);
      if (matchesGlob(glob, relative(top, name)))
        lines.push(describe(join(directory, entry.name), entry, relative(top, name)));
      if (entry.isDirectory() && depth < maxDepth && (hidden || !entry.name.startsWith(".")))
        descend(directory, name, depth + 1);
    }
  }

  function descend(directory: string, shown: string, depth: number): void {
    try {
      subdirectoryWithin(reach, directory, shown, (fd, through) =>
        visit(fd, through, shown, depth),
      );
    } catch (error) {
      // Gone, replaced by a link or forbidden meanwhile: the rest of the tree is still worth it.
      if (!(error instanceof Denied)) throw error;
    }
  }

  directoryWithin(reach, top, (fd, through) => visit(fd, through, top, 0));
  return { lines, cut, isStrange };
}
