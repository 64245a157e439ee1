/**
 * How the code is started inside the service's own file system, as argv, environment and a table of mounts. Pure.
 *
 * The unit (units/con-sandbox@.service) has taken away all but /usr, the network and the privileges; this parts the
 * code from the program that answers for it. bubblewrap cannot do it: DynamicUser brings RestrictSUIDSGID, and that
 * answers openat2(2) with ENOSYS.
 */
import { bounds } from "./bounds.ts";
import { codeFile, type Header, type Language } from "./request.ts";

/** Made by the unit, as a file system of its own that is bounded. */
export const work = "/work";
/** All layers, as the unit binds them; the code sees at /layers those that it was given. */
export const allLayers = "/all-layers";
export const layerOf = (name: string): string => `/layers/${name}`;
/** In the unit's own /tmp, which the table itself covers. */
export const mountTable = "/tmp/mounts";

/** Node sets aside memory that it never writes to; what it may use is told to it besides. */
const nodeReserveMb = 704;

const interpreter = (language: Language, memoryMb: number): string[] => {
  switch (language) {
    case "python":
      return ["/usr/bin/python3"];
    case "node":
      return ["/usr/bin/node", `--max-old-space-size=${memoryMb}`];
    case "shell":
      return ["/bin/bash"];
  }
};

/**
 * For mount(8), as fstab(5). Empty places cover what the unit cannot take from itself. The names of layers are
 * digests, so nothing here is a caller's text.
 */
export function mounts(layers: readonly string[]): string {
  const empty = (path: string) => `scratch ${path} tmpfs size=4k,ro,mode=0755,nosuid,nodev,noexec`;
  const scratch = `size=${bounds.scratchMb}m,nr_inodes=16k,mode=1777,nosuid,nodev`;
  const shown =
    layers.length === 0
      ? []
      : [
          "scratch /layers tmpfs size=4k,mode=0755,nosuid,nodev,noexec",
          ...layers.map((name) => `${allLayers}/${name} ${layerOf(name)} none bind,X-mount.mkdir`),
        ];
  // Its own: whoever opens those of the machine without end takes everybody's.
  const terminals = `max=${bounds.terminals},newinstance,mode=0620,ptmxmode=0666,nosuid,noexec`;
  const lines = [
    `scratch /tmp tmpfs ${scratch}`,
    `scratch /dev/pts devpts ${terminals}`,
    ...["/var", "/run", "/sys"].map(empty),
    ...shown,
    empty(allLayers),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * First process of a process namespace, so that all ends when it ends. It is root in a user namespace where that means
 * these mounts; the code then runs in one below, as nobody there, and no further one can be made. Descriptor 3 says
 * that all of it was done.
 */
const first = `echo 1000 >/proc/self/oom_score_adj &&
mount -a -T "$1" && echo 1 >/proc/sys/user/max_user_namespaces && echo ready >&3 || exit 125
exec 3>&-
shift
"$@"
exit $?`;

const insider = "1000";

export function launchArguments(header: Header): [string, ...string[]] {
  const { language, memoryMb, timeoutSeconds } = header;
  const apart = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=KILL"];
  return [
    ...(["unshare", "--user", "--map-root-user", ...apart, "--mount-proc", "--"] as const),
    ...["/bin/sh", "-c", first, "sh", mountTable],
    ...["unshare", "--user", `--map-user=${insider}`, `--map-group=${insider}`, "--"],
    ...limited(language === "node" ? memoryMb + nodeReserveMb : memoryMb, timeoutSeconds),
    ...interpreter(language, memoryMb),
    ...[`${work}/${codeFile[language]}`, ...header.arguments],
  ];
}

/** Of each process. The control group bounds all of them together. */
const limited = (memoryMb: number, timeoutSeconds: number): string[] => [
  "prlimit",
  `--data=${memoryMb * 2 ** 20}`,
  `--nproc=${bounds.processes}`,
  // Threads on two processors may use twice the time that passes.
  `--cpu=${Math.ceil(timeoutSeconds) * 2}`,
  "--core=0",
  "--",
];

/** All of its environment: nothing of ours is passed on. */
export function launchEnvironment(layers: readonly string[]): Record<string, string> {
  const below = (name: string) => layers.map((layer) => `${layerOf(layer)}/${name}`).join(":");
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: work,
    TMPDIR: "/tmp",
    USER: "sandbox",
    LANG: "C.UTF-8",
    TERM: "dumb",
    // What was printed before a time limit is worth having.
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    ...(layers.length === 0
      ? {}
      : { PYTHONPATH: below("python"), NODE_PATH: below("node_modules") }),
  };
}
