/**
 * What the escape canary tries as an agent, and what its answers mean. Pure but for `planFor`, which looks
 * whether a thing is there to be reached.
 *
 * An attempt whose target does not exist is not planned: so "no such file" from inside means hidden.
 */
import fs from "node:fs";
import { join } from "node:path";
import { agentPaths } from "../../../spool/layout.ts";
import type { HealthRuntime } from "../../types.ts";
import type { Places } from "./places.ts";

export type Attempt =
  | {
      readonly id: string;
      readonly kind: "list" | "read" | "append" | "create";
      readonly path: string;
    }
  | { readonly id: string; readonly kind: "signal" | "trace"; readonly pid: number }
  | { readonly id: string; readonly kind: "connect"; readonly port: number }
  | { readonly id: string; readonly kind: "setuid-program"; readonly path: string }
  | { readonly id: string; readonly kind: "mount"; readonly path: string }
  | {
      readonly id: string;
      readonly kind: "raw-socket" | "packet-socket" | "become-root" | "module";
    };

export type AttemptKind = Attempt["kind"];

export interface Plan {
  readonly uid: number;
  /** Where it may write: the positive control. */
  readonly workspace: string;
  readonly attempts: readonly Attempt[];
}

/** What the program prints. `code` is the name of an errno, null when nothing stood in the way. */
export interface Report {
  readonly uid: number;
  /** Null when it could do all that it must be able to do; otherwise what it could not. */
  readonly control: string | null;
  readonly results: readonly { readonly id: string; readonly code: string | null }[];
}

const files = ["EACCES", "EPERM", "EROFS", "ENOENT"];
const refusals: Readonly<Record<AttemptKind, readonly string[]>> = {
  list: files,
  read: files,
  append: files,
  create: files,
  signal: ["EPERM", "EACCES"],
  trace: ["EPERM", "EACCES", "ENOSYS"],
  connect: [
    ...["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "ETIMEDOUT"],
    ...["EAFNOSUPPORT", "EPERM", "EACCES"],
  ],
  "setuid-program": ["EPERM", "EACCES"],
  mount: ["EPERM", "EACCES"],
  "raw-socket": ["EPERM", "EACCES", "EAFNOSUPPORT"],
  "packet-socket": ["EPERM", "EACCES", "EAFNOSUPPORT"],
  "become-root": ["EPERM"],
  module: ["EPERM", "EACCES", "ENOSYS"],
};

export type Fate = "refused" | "done" | "unable";

/** EBADF: the kernel was willing to load a module and only missed the file. */
export function fateOf(kind: AttemptKind, code: string | null): Fate {
  if (code === null || (kind === "module" && code === "EBADF")) return "done";
  return refusals[kind].includes(code) ? "refused" : "unable";
}

export interface Surroundings {
  readonly health: HealthRuntime;
  readonly gatewayPid: number | null;
  /** A port of the host that somebody listens on; null for agents that have a network. */
  readonly port: number | null;
}

const mostOthers = 3;
const setuidPrograms = ["umount", "mount", "gpasswd", "su", "passwd", "chsh"];

export function planFor(
  places: Pick<Places, "compiled" | "credentials" | "ledger">,
  agent: HealthRuntime["agents"][number],
  around: Surroundings,
): Plan {
  const { root } = around.health;
  const { workspace } = agentPaths(root, agent.name);
  const wanted = [
    ...others(places, agent.name, around),
    ...ownFiles(places, agent.name),
    ...system(root, places),
    ...privileges(workspace, around),
  ];
  return { uid: agent.uid, workspace, attempts: wanted.filter(isThere) };
}

const at = (kind: "list" | "read" | "append" | "create", path: string): Attempt => ({
  id: `${kind} ${path}`,
  kind,
  path,
});

/**
 * The agents that follow it in the alphabet, so that over time each is somebody's target. Only what root owns: a
 * directory of its own an agent could open just now, to have its neighbours blamed for looking in. Those are
 * compared with what was promised (`drift`).
 */
function others(
  { compiled }: Pick<Places, "compiled">,
  name: string,
  { health }: Surroundings,
): Attempt[] {
  const names = health.agents.map((one) => one.name).sort();
  const mine = names.indexOf(name);
  const ring = [...names.slice(mine + 1), ...names.slice(0, Math.max(0, mine))];
  return ring.slice(0, mostOthers).flatMap((other) => {
    const { base } = agentPaths(health.root, other);
    const theirs = join(compiled, "agents", other);
    return [
      at("list", base),
      at("create", base),
      at("list", theirs),
      at("read", join(theirs, "AGENTS.md")),
      at("read", `${theirs}.json`),
    ];
  });
}

function ownFiles({ compiled }: Pick<Places, "compiled">, name: string): Attempt[] {
  const directory = join(compiled, "agents", name);
  // Whoever may create a name there may put another AGENTS.md in place of ours.
  return [
    at("append", join(directory, "AGENTS.md")),
    at("create", directory),
    at("append", `${directory}.json`),
  ];
}

function system(
  root: string,
  { credentials, ledger }: Pick<Places, "credentials" | "ledger">,
): Attempt[] {
  return [
    at("create", "/etc/con"),
    at("read", "/etc/con/con.yaml"),
    at("list", credentials),
    at("list", join(ledger, "..")),
    at("read", ledger),
    at("create", join(root, "contracts")),
    at("read", "/var/lib/systemd/credential.secret"),
    at("read", "/etc/shadow"),
    at("read", "/proc/1/environ"),
    at("create", "/usr/bin"),
    at("append", "/usr/lib/con/con.mjs"),
    at("append", "/proc/sys/kernel/core_pattern"),
  ];
}

function privileges(workspace: string, { gatewayPid, port }: Surroundings): Attempt[] {
  const program = setuidPrograms.map((name) => `/usr/bin/${name}`).find(isSetuid);
  return [
    { id: "signal process 1", kind: "signal", pid: 1 },
    { id: "trace process 1", kind: "trace", pid: 1 },
    ...(gatewayPid === null
      ? []
      : ([
          { id: gatewaySignal, kind: "signal", pid: gatewayPid },
          { id: gatewayTrace, kind: "trace", pid: gatewayPid },
        ] as const)),
    { id: "open a raw socket", kind: "raw-socket" },
    { id: "open a packet socket", kind: "packet-socket" },
    ...(port === null ? [] : [{ id: "connect to the host", kind: "connect", port } as const]),
    ...(program === undefined
      ? []
      : [{ id: `gain rights by ${program}`, kind: "setuid-program", path: program } as const]),
    { id: "mount a file system", kind: "mount", path: workspace },
    { id: "load a kernel module", kind: "module" },
    // Last: if it comes off, the rest would run as root.
    { id: "become root", kind: "become-root" },
  ];
}

export const gatewaySignal = "signal the gateway";
export const gatewayTrace = "trace the gateway";

function isThere(attempt: Attempt): boolean {
  if (!["list", "read", "append", "create"].includes(attempt.kind) || !("path" in attempt))
    return true;
  return fs.lstatSync(attempt.path, { throwIfNoEntry: false }) !== undefined;
}

function isSetuid(path: string): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.uid === 0 && (stat.mode & 0o4001) === 0o4001;
}
