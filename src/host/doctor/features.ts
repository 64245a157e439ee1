/** What the kernel and the file system must be able to do. Tried where trying does no harm; leaves nothing. */

import fs from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { openAcl } from "../acl.ts";
import { type Acl, formatAcl, fullAcl, sameAcl } from "../acl-entries.ts";
import { readIfThere } from "../machine.ts";
import * as paths from "../paths.ts";
import { bad, type Finding, fine } from "./check.ts";

export function checkFeatures(): Finding[] {
  return [userNamespaces(), seccomp(), landlock(), accessLists(paths.root)];
}

function userNamespaces(): Finding {
  const most = Number(readIfThere("/proc/sys/user/max_user_namespaces") ?? "0");
  const allowed = readIfThere("/proc/sys/kernel/unprivileged_userns_clone")?.trim() !== "0";
  if (most > 0 && allowed) return fine("user namespaces", `allowed, at most ${most}`);
  const remedy = allowed
    ? "sysctl user.max_user_namespaces=10000 on the host"
    : "sysctl kernel.unprivileged_userns_clone=1 on the host";
  return bad(
    "user namespaces",
    "ordinary users may make none: no tool can run",
    remedy,
    "critical",
  );
}

function seccomp(): Finding {
  const actions = readIfThere("/proc/sys/kernel/seccomp/actions_avail") ?? "";
  if (actions.includes("errno")) return fine("seccomp", "system calls can be filtered");
  const remedy = "use a kernel with CONFIG_SECCOMP_FILTER=y";
  return bad("seccomp", "units and tools run without a filter", remedy, "critical");
}

/** landlock_create_ruleset(2) with this flag makes nothing, and tells the version. */
const landlockCall = { number: 444, version: 1 } as const;

function landlock(): Finding {
  const syscall = koffi
    .load("libc.so.6")
    .func("long syscall(long number, void *attributes, size_t size, uint flags)");
  const version = Number(syscall(landlockCall.number, null, 0, landlockCall.version));
  if (version > 0) return fine("landlock", `version ${version}`);
  const remedy = "use a kernel with Landlock (CONFIG_SECURITY_LANDLOCK, lsm=landlock,…)";
  return bad("landlock", "not there: one layer less around tools", remedy, "low");
}

/** Any uid will do: it is a number in a list that nobody uses. */
const probeUid = 65_534;

/** Sets a list on a directory below `root` and reads it back. */
export function accessLists(root: string): Finding {
  const name = "access lists";
  const remedy = `install libacl1; put ${root} on a file system with POSIX ACLs (ext4, xfs, btrfs)`;
  const directory = join(root, `.con-doctor-${process.pid}`);
  const wanted: Acl = fullAcl(0o700, [{ tag: "user", id: probeUid, perms: 5 }]);
  try {
    const acls = openAcl();
    fs.mkdirSync(directory, { mode: 0o700 });
    for (const kind of ["access", "default"] as const) {
      acls.set(directory, kind, wanted);
      const seen = acls.get(directory, kind);
      if (!sameAcl(seen, wanted))
        return bad(name, `${formatAcl(wanted)} became ${formatAcl(seen)}`, remedy, "critical");
    }
    return fine(name, `${root} keeps them`);
  } catch (error) {
    const why = errnoOf(error) ?? reasonOf(error);
    return bad(name, `they cannot be set below ${root} (${why})`, remedy, "critical");
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
