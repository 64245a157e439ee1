/**
 * Reads and sets POSIX ACLs through libacl (koffi). 13 µs per list, where setfacl costs a process.
 *
 * Paths are followed by libacl; callers that act in directories of others pass `/proc/self/fd/N` of a
 * descriptor that they opened with O_NOFOLLOW. Never: changes the owner or special mode bits.
 */
import koffi from "koffi";
import { type Acl, formatAcl, parseAcl } from "./acl-entries.ts";

export type AclKind = "access" | "default";

export interface AclLibrary {
  /** An empty default list means that there is none. */
  readonly get: (path: string, kind: AclKind) => Acl;
  /** Setting an empty default list removes it. */
  readonly set: (path: string, kind: AclKind, acl: Acl) => void;
}

const kinds: Readonly<Record<AclKind, number>> = { access: 0x8000, default: 0x4000 };
/** acl/libacl.h: TEXT_NUMERIC_IDS. Names would cost a passwd look-up each. */
const numericIds = 0x08;

/** Loads libacl; throws where it is not installed. */
export function openAcl(): AclLibrary {
  const lib = koffi.load("libacl.so.1");
  const fromText = lib.func("void *acl_from_text(const char *text)");
  const getFile = lib.func("void *acl_get_file(const char *path, uint type)");
  const setFile = lib.func("int acl_set_file(const char *path, uint type, void *acl)");
  const deleteDefault = lib.func("int acl_delete_def_file(const char *path)");
  const toText = lib.func(
    "void *acl_to_any_text(void *acl, const char *prefix, char separator, int options)",
  );
  const free = lib.func("int acl_free(void *object)");

  const get = (path: string, kind: AclKind): Acl => {
    const acl: unknown = getFile(path, kinds[kind]);
    if (acl === null) throw failure("acl_get_file", path);
    try {
      const text: unknown = toText(acl, null, ",".charCodeAt(0), numericIds);
      if (text === null) throw failure("acl_to_any_text", path);
      const decoded = koffi.decode(text, "char", -1) as string;
      free(text);
      return parseAcl(decoded);
    } finally {
      free(acl);
    }
  };
  const set = (path: string, kind: AclKind, entries: Acl): void => {
    if (kind === "default" && entries.length === 0) {
      if (deleteDefault(path) !== 0) throw failure("acl_delete_def_file", path);
      return;
    }
    const acl: unknown = fromText(formatAcl(entries));
    if (acl === null) throw failure("acl_from_text", formatAcl(entries));
    const result = setFile(path, kinds[kind], acl);
    const error = result === 0 ? null : failure("acl_set_file", path);
    free(acl);
    if (error !== null) throw error;
  };
  return { get, set };
}

/** Like the errors of node:fs, so that callers treat errno the same way everywhere. */
function failure(call: string, path: string): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const names = Object.entries(koffi.os.errno as Readonly<Record<string, number>>);
  const code = names.find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { errno: -errno, code, path });
}
