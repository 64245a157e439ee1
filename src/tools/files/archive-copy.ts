/** Copies of open files into the archive: whole and on disk, or not there. After a crash: at worst a `.tmp-HEX` in it. */
import { createHash, randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import { basename, join } from "node:path";
import type { ArchivePolicy } from "../policies.ts";
import { type ArchiveWorld, inVersions, listIn, pathsIn } from "./archive-folder.ts";
import { copyBytes } from "./copy.ts";
import { madeDirectoryFor } from "./open.ts";
import { below } from "./reach.ts";
import { keyOf, nameOf, stampOf, type Version, type VersionKind } from "./versions.ts";
import { orDenied } from "./walk.ts";

export interface Making {
  readonly world: ArchiveWorld;
  readonly policy: ArchivePolicy;
  /** As the file is called. */
  readonly path: string;
  readonly kind: VersionKind;
}

export const began = ({ world, path, kind }: Making, stat: fs.Stats): Version => ({
  id: `${stampOf(world.now())}-${randomBytes(4).toString("hex")}`,
  ...{ kind, mode: stat.mode & 0o1777, bytes: stat.size, digest: "-", key: keyOf(path) },
});

/** Before its first version: a version whose path nobody knows is of no use. */
export function notePath({ policy, path }: Making): void {
  const reach = below(policy.directory);
  const file = join(pathsIn(policy), keyOf(path));
  madeDirectoryFor(reach, file, (directory, through) => {
    const target = join(through, basename(file));
    if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined) return;
    const temporary = join(through, `.tmp-${randomBytes(8).toString("hex")}`);
    orDenied(reach, file, () => {
      const fd = fs.openSync(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
        0o600,
      );
      try {
        fs.writeFileSync(fd, path);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, target);
      fs.fsyncSync(directory);
    });
  });
}

/** A copy of an open file, whole and on disk; null when the newest version is the same. */
export function copied(making: Making, from: number): Version | null {
  const { policy } = making;
  notePath(making);
  return inVersions(policy, (through, directory) =>
    orDenied(below(policy.directory), policy.directory, () => {
      const temporary = join(through, `.tmp-${randomBytes(8).toString("hex")}`);
      try {
        const digest = createHash("sha256");
        const bytes = copyBytes(from, temporary, { seen: (chunk) => digest.update(chunk) });
        const made = { ...began(making, fs.fstatSync(from)), bytes, digest: digest.digest("hex") };
        const name = nameOf(made);
        const newest = listIn(through)
          .filter(({ key }) => key === made.key)
          .reduce<Version | null>((a, b) => (a === null || a.id < b.id ? b : a), null);
        if (newest !== null && nameOf({ ...newest, id: "" }) === nameOf({ ...made, id: "" })) {
          fs.rmSync(temporary);
          return null;
        }
        fs.renameSync(temporary, join(through, name));
        fs.fsyncSync(directory);
        return made;
      } catch (error) {
        fs.rmSync(temporary, { force: true });
        throw error;
      }
    }),
  );
}
