/** How an operation is cut, and what is left of the disk then. */

export type Power =
  /** Nothing that was not synced. */
  | "nothing"
  /** The names are there, what was written into the files is not. */
  | "names"
  /** The same, and the files have their length, full of zeros. */
  | "zeros"
  /** What was written is there, the names are not. */
  | "data"
  /** Of each directory the first changes, of each file the first bytes, as chance has it. */
  | "some";

export type Way =
  | { readonly kind: "kill" }
  | { readonly kind: "power"; readonly left: Power }
  /** `lasting`: until the restart. Else this one call fails, and the next one does not. */
  | { readonly kind: "error"; readonly errno: Errno; readonly lasting: boolean };

export type Errno = "EIO" | "ENOSPC" | "EDQUOT" | "EMFILE";

const errnos = ["EIO", "ENOSPC", "EDQUOT", "EMFILE"] as const;

export const ways: readonly Way[] = [
  { kind: "kill" },
  ...(["nothing", "names", "zeros", "data", "some"] as const).map(
    (left): Way => ({ kind: "power", left }),
  ),
  ...errnos.flatMap((errno) =>
    [false, true].map((lasting): Way => ({ kind: "error", errno, lasting })),
  ),
];

export const inWords = (way: Way): string => {
  if (way.kind === "kill") return "killed";
  if (way.kind === "power") return `power lost, left: ${way.left}`;
  return `${way.errno} ${way.lasting ? "from here on" : "once"}`;
};

export type Call =
  | "open"
  | "create"
  | "read"
  | "write"
  | "sync"
  | "link"
  | "rename"
  | "unlink"
  | "list";

/** Calls that the kernel may answer so (open(2), write(2), fsync(2), rename(2), …). */
export const mayFail: Readonly<Record<Errno, readonly Call[]>> = {
  EIO: ["open", "create", "read", "write", "sync", "link", "rename", "unlink", "list"],
  ENOSPC: ["create", "write", "sync", "link", "rename"],
  EDQUOT: ["create", "write", "sync", "link", "rename"],
  EMFILE: ["open", "create", "list"],
};
