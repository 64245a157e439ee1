/** Where what was fetched lies: in `web/` of the workspace, or where the call says; and marked as a stranger's. */
import { join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { withoutAtEnd } from "../../task/trim.ts";
import { absolute, below, type Reach, writable } from "../files/reach.ts";
import { storeWithin } from "../files/store.ts";
import { fetchedFolder, noteFetched } from "../files/strangers.ts";
import type { ToolContext } from "../tool.ts";

export interface Place {
  readonly path: string;
  readonly reach: Reach;
}

type Keeper = Pick<ToolContext, "files" | "callId" | "now">;

/** `ending` is of a name that we choose. */
export function placeFor(
  { files, callId, now }: Keeper,
  wanted: string | null,
  ending: string,
): Place {
  if (wanted !== null) return { path: absolute(files.workspace, wanted), reach: writable(files) };
  const stamp = new Date(now()).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const path = join(fetchedFolder(files), `${stamp}-${callId}-${ending}`);
  return { path, reach: below(files.workspace) };
}

/** Why it could not be kept, or null. Throws Denied for a path that may not be written. */
export function keep(
  { files }: Pick<Keeper, "files">,
  { path, reach }: Place,
  bytes: Uint8Array,
): string | null {
  try {
    noteFetched(files);
    storeWithin(reach, path, bytes, { fetched: true });
    return null;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return reasonOf(error);
  }
}

const maxName = 80;

/** A name of a server as part of a file name: nothing in it but letters, digits, `.`, `_` and `-`. */
export function plainName(text: string): string {
  const name = text
    .normalize("NFKC")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "");
  return (
    withoutAtEnd(name, /[.-]/)
      .slice(-maxName)
      .replace(/^[.-]+/, "") || "file"
  );
}
