/**
 * Puts a skill into the configuration, or takes one out. Names that begin with a dot are not read by bootstrap, so a
 * skill is there whole or not at all.
 *
 * After a crash: `.NAME.new-HEX` (not yet there) or `.NAME.old-HEX` (what it stood for) is left. The next run in that
 * folder removes the first, and brings the second back where nothing has taken its place.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { isScript } from "../../host/skills.ts";
import type { SkillFiles } from "../../skill/types.ts";
import type { Disk } from "../../system/disk.ts";
import { exists, moveDurably, replaceDurably, syncDirectory } from "../../system/durable.ts";

const leftover = /^\.(.+)\.(new|old)-[0-9a-f]{16}$/;

const besides = (name: string, word: "new" | "old"): string =>
  `.${name}.${word}-${randomBytes(8).toString("hex")}`;

const remove = (path: string): void => fs.rmSync(path, { recursive: true });

/** Ends what an earlier run was cut off in. */
function tidy(disk: Disk, parent: string): void {
  for (const entry of disk.list(parent)) {
    const [, name = "", word] = leftover.exec(entry) ?? [];
    if (word === "old" && !exists(disk, join(parent, name)))
      moveDurably(disk, join(parent, entry), join(parent, name));
    else if (word !== undefined) remove(join(parent, entry));
  }
}

/** True when it stands for an earlier one. */
export function putSkill(disk: Disk, parent: string, name: string, files: SkillFiles): boolean {
  disk.makeDirectory(parent, 0o755);
  syncDirectory(disk, dirname(parent));
  tidy(disk, parent);
  const fresh = join(parent, besides(name, "new"));
  disk.makeDirectory(fresh, 0o755);
  const folders = new Set([fresh]);
  for (const [path, bytes] of files) {
    const whole = join(fresh, path);
    disk.makeDirectory(dirname(whole), 0o755);
    for (let at = dirname(whole); at !== fresh; at = dirname(at)) folders.add(at);
    replaceDurably(disk, whole, bytes, isScript(path) ? 0o755 : 0o644);
  }
  for (const folder of folders) syncDirectory(disk, folder);
  const replaced = takeAway(disk, parent, name);
  moveDurably(disk, fresh, join(parent, name));
  if (replaced !== null) remove(replaced);
  return replaced !== null;
}

/** False when there was none. */
export function dropSkill(disk: Disk, parent: string, name: string): boolean {
  if (!exists(disk, join(parent, name))) return false;
  tidy(disk, parent);
  // Under a name that is never brought back.
  const gone = join(parent, besides(name, "new"));
  moveDurably(disk, join(parent, name), gone);
  remove(gone);
  return true;
}

function takeAway(disk: Disk, parent: string, name: string): string | null {
  const path = join(parent, name);
  if (!exists(disk, path)) return null;
  const old = join(parent, besides(name, "old"));
  moveDurably(disk, path, old);
  return old;
}
