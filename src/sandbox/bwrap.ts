/**
 * The sandbox of one tool call as arguments of bwrap(1). Pure: policy in, argv out.
 *
 * Everything that is not named here is absent inside: the agent's state, journal, queue, inbox and
 * outbox, /etc/con, /var/lib/con, the gateway's socket, other processes. Order of the arguments is
 * meaning: bwrap mounts one after the other, so what must win comes last.
 */
export interface SandboxPolicy {
  /** Bound read-write at its own path; also the working directory. */
  readonly workspace: string;
  /** Forged tools, read-only; null where the agent has none. */
  readonly tools: string | null;
  /** Directories seen read-only and read-write at their own paths; real paths without links. */
  readonly readOnly: readonly string[];
  readonly readWrite: readonly string[];
  /** Covered with an empty directory where a grant would show them: the agent's own base. */
  readonly hidden: readonly string[];
  readonly network: boolean;
  /** Single files, as a socket, by the path at which they are seen. */
  readonly files?: Readonly<Record<string, string>>;
  /** Device nodes that are seen where there are any. */
  readonly devices?: readonly string[];
  /** Bytes of each of /tmp, /var/tmp, /run and /dev/shm. */
  readonly scratchBytes: number;
}

/** Entries of /etc that programs need and that say nothing about this system. */
const etc = [
  "passwd",
  "group",
  "nsswitch.conf",
  "hosts",
  "host.conf",
  "resolv.conf",
  "services",
  "protocols",
  "localtime",
  "timezone",
  "os-release",
  "debian_version",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "alternatives",
  "ssl/certs",
  "ssl/openssl.cnf",
  "ca-certificates.conf",
  "pki",
  "mime.types",
  "magic",
  "terminfo",
  "inputrc",
  "bash.bashrc",
  "python3",
  "perl",
  "fonts",
];

const rootLinks = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

const namespaces = [
  "--unshare-user",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup",
];

/** True when `path` is `root` or lies below it. */
export const isWithin = (root: string, path: string): boolean =>
  path === root || path.startsWith(root === "/" ? "/" : `${root}/`);

/** `statusFd` is where bwrap writes the host pid of the namespace's first process as JSON. */
export function bwrapArguments(policy: SandboxPolicy, statusFd: number): string[] {
  return [
    ...namespaces,
    ...(policy.network ? [] : ["--unshare-net"]),
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--json-status-fd",
    String(statusFd),
    ...system(policy.scratchBytes),
    ...(policy.devices ?? []).flatMap((path) => ["--dev-bind-try", path, path]),
    ...Object.entries(policy.files ?? {}).flatMap(([seen, path]) => ["--bind", path, seen]),
    ...grants(policy),
    ...(policy.tools === null ? [] : ["--ro-bind-try", policy.tools, policy.tools]),
    "--bind",
    policy.workspace,
    policy.workspace,
    "--chdir",
    policy.workspace,
    ...covers(policy).flatMap((path) => ["--remount-ro", path]),
    "--remount-ro",
    "/dev",
    "--remount-ro",
    "/",
  ];
}

/** A root of its own: /usr and a few files of /etc, fresh /proc, minimal /dev, small scratch. */
function system(scratchBytes: number): string[] {
  const scratch = (path: string) => ["--size", String(scratchBytes), "--tmpfs", path];
  return [
    "--ro-bind",
    "/usr",
    "/usr",
    ...rootLinks.flatMap((name) => ["--ro-bind-try", `/${name}`, `/${name}`]),
    ...etc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    ...scratch("/dev/shm"),
    ...scratch("/tmp"),
    ...scratch("/run"),
    ...scratch("/var/tmp"),
  ];
}

/** Never bound: they would bring back what the namespaces take away. */
const never = ["/proc", "/dev", "/sys", "/run"];

interface Grant {
  readonly path: string;
  readonly how: "--ro-bind-try" | "--bind-try";
}

/** Shallow paths first, so that a grant below another one is not covered by it. */
function granted(policy: SandboxPolicy): Grant[] {
  const bindable = (path: string) =>
    path !== "/" && ![...never, ...policy.hidden].some((root) => isWithin(root, path));
  return [
    ...policy.readOnly.map((path): Grant => ({ path, how: "--ro-bind-try" })),
    ...policy.readWrite.map((path): Grant => ({ path, how: "--bind-try" })),
  ]
    .filter(({ path }) => bindable(path))
    .sort((a, b) => depth(a.path) - depth(b.path));
}

/** Hidden directories that some grant would show. */
const covers = (policy: SandboxPolicy): string[] =>
  policy.hidden.filter((hidden) => granted(policy).some(({ path }) => isWithin(path, hidden)));

const grants = (policy: SandboxPolicy): string[] => [
  ...granted(policy).flatMap(({ path, how }) => [how, path, path]),
  ...covers(policy).flatMap((path) => ["--tmpfs", path]),
];

const depth = (path: string): number => path.split("/").length;
