/**
 * Puts the task of a temporary agent into its inbox, owned by the agent that asked for it: so it is that
 * agent's word and nobody else's, and not verified.
 *
 * Whole and synced before it has its name. Done again after a crash it is the same task, because its id is
 * fixed. Never: follows a link of the child, or gives a file to anybody under a name that somebody else made.
 */
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { directoryFlags, procPath, withDescriptor, withWalk } from "../../host/walk.ts";
import { errnoOf } from "../../system/disk.ts";

/** The child's group reads it; nobody else. */
const mode = 0o640;
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface Handed {
  readonly inbox: string;
  /** Id of the task. */
  readonly task: string;
  /** Whose word it is. */
  readonly giver: number;
  readonly bytes: Uint8Array;
}

export function handOver({ inbox, task, giver, bytes }: Handed): void {
  withWalk("refuse", ({ entry }) =>
    withDescriptor(entry(inbox), directoryFlags, (directory) => {
      const at = (name: string): string => join(procPath(directory), name);
      const temporary = at(`.${task}.task.tmp-${randomBytes(8).toString("hex")}`);
      try {
        withDescriptor(temporary, flags, (fd) => {
          fs.writeFileSync(fd, bytes);
          fs.fchmodSync(fd, mode);
          fs.fchownSync(fd, giver, fs.fstatSync(fd).gid);
          fs.fsyncSync(fd);
        });
        link(temporary, at(`${task}.task`));
        fs.fsyncSync(directory);
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    }),
  );
}

/** What has that name already is an earlier try of ours; its unit was never started before. */
function link(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}
