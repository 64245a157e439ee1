/** Attempts to gain rights: users, capabilities, namespaces and mounts. */
import { attempt, closed, everywhere, type Group, path } from "../table.ts";
import { command } from "./command.ts";

const users: Group = {
  title: "Another user",
  attempts: [
    attempt({
      name: "join the group trusted",
      loses: "the word of trusted people",
      stops: "no CAP_SETGID",
      deed: "group",
      with: (world) => ({ gid: world.ids["trusted"] ?? -1 }),
      refusals: ["EPERM", "EINVAL"],
    }),
    ...["su", "mount", "passwd"].map((name) =>
      attempt({
        name: `gain rights by ${name}`,
        loses: "the machine",
        stops: "no program of the image has a set-uid bit; NoNewPrivileges",
        deed: "setuid program",
        with: () => ({ path: `/usr/bin/${name}` }),
        control: { as: "user", with: path("a set-uid program elsewhere") },
      }),
    ),
    attempt({
      name: "gain rights by a set-uid program that somebody has added",
      loses: "the machine",
      stops: "NoNewPrivileges",
      deed: "setuid program",
      with: path("a set-uid program elsewhere"),
      control: { as: "user" },
    }),
    attempt({
      name: "gain rights by a set-uid program on its volume",
      loses: "the machine",
      stops: "NoNewPrivileges; /srv/con is mounted nosuid",
      deed: "setuid program",
      with: path("a set-uid program on its volume"),
      from: ["runner", "outside"],
      control: { as: "user", with: path("a set-uid program elsewhere") },
    }),
    attempt({
      name: "give a file capabilities",
      loses: "the machine",
      stops: "no CAP_SETFCAP",
      deed: "capability",
      with: (world) => ({ directory: `${world.me}/workspace` }),
      refusals: ["EPERM", "ENOENT"],
    }),
    ...(
      [
        [1, 3],
        [1, 1],
        [1, 11],
      ] as const
    ).map(([major, minor]) =>
      attempt({
        name: `make the device ${major}:${minor}`,
        loses: "memory, kernel log, disks",
        stops: "no CAP_MKNOD; /srv/con is mounted nodev",
        deed: "device",
        with: (world) => ({ directory: `${world.me}/workspace`, number: [major, minor] }),
        refusals: ["EPERM", "ENOENT"],
      }),
    ),
  ],
};

const unshare = "unshare --user --map-root-user --mount";

const namespaces: Group = {
  title: "Namespaces and mounts",
  attempts: [
    attempt({
      name: "mount a file system",
      loses: "what its unit hides",
      stops: "no CAP_SYS_ADMIN",
      deed: "mount",
      with: (world) => ({ path: `${world.me}/workspace` }),
      refusals: ["EPERM", "ENOENT"],
    }),
    attempt({
      name: "take the cover off /etc/con",
      loses: "what its unit hides",
      stops: "no CAP_SYS_ADMIN",
      deed: "uncover",
      from: ["runner", "worker"],
      with: () => ({ path: "/etc/con" }),
      refusals: ["EPERM"],
      control: { with: path("a cover of the control") },
    }),
    attempt({
      name: "enter the network of process 1",
      loses: "its network rules",
      stops: "another uid; ProtectProc=invisible",
      deed: "enter",
      with: () => ({ path: "/proc/1/ns/net" }),
      from: everywhere,
      refusals: closed,
    }),
    attempt({
      name: "change its root directory",
      from: everywhere,
      loses: "what set-uid programs believe",
      stops: "no CAP_SYS_CHROOT",
      deed: "chroot",
      with: () => ({ path: "/" }),
    }),
    ...["--mount", "--net", "--pid"].map((kind) =>
      attempt({
        name: `unshare ${kind}`,
        from: everywhere,
        loses: "its network rules, its mounts",
        stops: "no CAP_SYS_ADMIN",
        deed: "unshare",
        with: () => ({ kind }),
      }),
    ),
    command(
      {
        name: "in a user namespace: take the cover off /etc/con",
        loses: "what its unit hides",
        stops: "mounts from outside are locked (mount_namespaces(7))",
      },
      `${unshare} sh -c 'umount /etc/con && cat /etc/con/con.yaml'`,
      "unshare --mount sh -c 'mount -t tmpfs none /etc/con && umount /etc/con && cat /etc/con/con.yaml'",
    ),
    command(
      {
        name: "in a user namespace: make /usr writable",
        loses: "the machine",
        stops: "flags from outside are locked (mount_namespaces(7))",
      },
      `${unshare} sh -c 'mount -o remount,bind,rw /usr && touch /usr/bin/.attack && rm /usr/bin/.attack'`,
      "unshare --mount sh -c 'mount --bind /usr /usr && mount -o remount,bind,rw /usr && touch /usr/bin/.attack && rm /usr/bin/.attack'",
    ),
    command(
      {
        name: "in a user namespace: a /proc that shows all",
        loses: "what ProtectProc hides",
        stops: "a new /proc needs a process namespace of its own",
      },
      `${unshare} sh -c 'mount -t proc none /proc && cat /proc/1/environ'`,
      "unshare --mount sh -c 'mount -t proc none /proc && cat /proc/1/environ'",
    ),
    command(
      {
        name: "in a user namespace: control groups of its own",
        loses: "every limit of its unit",
        stops: "owner root of the groups, whoever mounts them",
      },
      `${unshare} --cgroup sh -c 'mount -t cgroup2 none /mnt && mkdir /mnt/attack'`,
      "unshare --mount sh -c 'mount -t cgroup2 none /mnt && mkdir /mnt/attack && rmdir /mnt/attack'",
    ),
    command(
      {
        name: "in a user namespace: read a neighbour as its root",
        loses: "another agent's privacy",
        stops: "a user namespace maps the own uid alone",
      },
      `${unshare} sh -c 'setpriv --reuid=20001 --clear-groups cat /etc/shadow'`,
      "setpriv --reuid=0 --clear-groups cat /etc/shadow",
    ),
  ],
};

export const privilegeGroups: readonly Group[] = [users, namespaces];
