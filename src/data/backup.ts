/**
 * A copy of a database as it is, by SQLite's online backup: consistent whoever writes meanwhile. The runner takes the
 * copy out of the sandbox before anything is destroyed. Never: leaves half a copy under its name.
 */
import fs from "node:fs";
import { dirname } from "node:path";
import { Refused, sizeOf, usingDatabase } from "./open.ts";
import type { Backup, DataReply } from "./protocol.ts";

export async function backUp(
  db: string,
  { path, maxBytes }: Backup,
  why: string,
): Promise<DataReply> {
  const size = sizeOf(db) ?? 0;
  if (size > maxBytes)
    throw new Refused(
      `${why}, and the database (${size} bytes) is too large for a copy to be kept (${maxBytes} bytes): nothing was changed. Rename what shall be out of the way, or change fewer rows at a time`,
    );
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.rmSync(path, { force: true });
  try {
    await usingDatabase(db, "read", (database) => database.backup(path));
    const fd = fs.openSync(path, fs.constants.O_RDONLY);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw error;
  }
  return { kind: "backup", why };
}
