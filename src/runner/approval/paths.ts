/**
 * What a path in a tool's arguments names, for conditions of approval rules: as the file tools take it, and where
 * links lead. Reads names only.
 *
 * A link that is changed between this look and the call is not seen: it narrows who is asked, and what a call may
 * reach is checked by the tool (tools/files/walk.ts). Never: says of a path that cannot be followed where it is.
 */
import fs from "node:fs";
import { dirname, join } from "node:path";
import type { ReadPath } from "../../config/when.ts";
import { errnoOf } from "../../system/disk.ts";
import { absolute, Denied } from "../../tools/files/reach.ts";

/** Tools with an argument that is a path, and whether the call goes on to what lies below. */
const fileTools: Readonly<Record<string, { readonly argument: string; readonly below: boolean }>> =
  {
    read_file: { argument: "path", below: false },
    write_file: { argument: "path", below: false },
    edit_file: { argument: "path", below: false },
    delete_file: { argument: "path", below: true },
    restore_file: { argument: "path", below: true },
    sql: { argument: "db", below: false },
    import_data: { argument: "db", below: false },
    vectors: { argument: "db", below: false },
    list_files: { argument: "path", below: true },
    search_files: { argument: "path", below: true },
    remember: { argument: "share", below: true },
    recall: { argument: "shared", below: true },
  };

/** For calls of `tool` by an agent with that workspace. */
export const pathReader = (tool: string, workspace: string): ReadPath => {
  const known = Object.hasOwn(fileTools, tool) ? (fileTools[tool] ?? null) : null;
  return (name, text) => {
    if (name !== known?.argument) return null;
    const spelled = spelling(workspace, text);
    const real = spelled === null ? null : realPlace(spelled);
    if (spelled === null || real === null) return "unclear";
    return { places: [...new Set([spelled, real])], below: known.below, base: workspace };
  };
};

/** Null for what no file tool takes. */
function spelling(workspace: string, text: string): string | null {
  try {
    return absolute(workspace, text);
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return null;
  }
}

/** Where it lies, or would be made; null where that cannot be found out. */
function realPlace(path: string): string | null {
  try {
    return fs.realpathSync.native(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || isThere(path)) return null;
    const above = dirname(path);
    const real = above === path ? null : realPlace(above);
    return real === null ? null : join(real, path.slice(dirname(path).length));
  }
}

/** A link to nothing: a file tool would go on where it leads. */
function isThere(path: string): boolean {
  try {
    fs.lstatSync(path);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ENOENT";
  }
}
