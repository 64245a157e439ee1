/**
 * Reads a check's script so that what was looked at is what runs: the text goes on, never the path.
 * Never: follows a link of anybody but root, reads what others than root may write, or a special file.
 */
import fs, { constants } from "node:fs";
import { inWords, withDescriptor, withWalk } from "../../host/walk.ts";
import { errnoOf } from "../../system/disk.ts";

export type Script =
  | { readonly kind: "text"; readonly text: Buffer }
  | { readonly kind: "refused"; readonly why: string };

const maxBytes = 256 * 1024;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `owner` is root everywhere but in tests. */
export function readScript(path: string, owner = 0): Script {
  try {
    return withWalk("refuse", ({ entry }) => withDescriptor(entry(path), flags, (fd) => take(fd)));
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (code === "ELOOP") return refused("it is a symbolic link, which is not followed");
    return refused(code === "ENOENT" ? "it does not exist" : inWords(error as Error, path));
  }

  function take(fd: number): Script {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return refused("it is no regular file");
    if (stat.uid !== owner || (stat.mode & 0o022) !== 0)
      return refused(`others than root may write it: chown root: ${path}; chmod go-w ${path}`);
    if (stat.nlink !== 1) return refused("it has more than one name");
    if (stat.size > maxBytes) return refused(`it is longer than ${maxBytes / 1024} KiB`);
    return { kind: "text", text: fs.readFileSync(fd) };
  }

  function refused(why: string): Script {
    return { kind: "refused", why: `script ${path}: ${why}` };
  }
}
