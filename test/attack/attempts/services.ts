/** Attempts at corners of the kernel, at process 1 and its services, and the last of all. */
import { at, attempt, everywhere, type Group } from "../table.ts";
import { command } from "./command.ts";

const filtered = ["EPERM", "EACCES", "ENOSYS", "EINVAL"];

const kernel: Group = {
  title: "Corners of the kernel",
  attempts: [
    ...(
      [
        ["io_uring", "sockets and files past the system call filter"],
        ["page faults", "the kernel: exploits want to stop it half way"],
        ["personality", "the kernel: no random addresses"],
      ] as const
    ).map(([deed, loses]) =>
      attempt({
        name: `use ${deed}`,
        loses,
        stops: deed === "personality" ? "LockPersonality" : "SystemCallFilter",
        deed,
        refusals: filtered,
        control: { as: "user" },
      }),
    ),
    ...(
      [
        ["bpf", "the kernel", "SystemCallFilter; no CAP_BPF"],
        ["host name", "what others take the machine for", "SystemCallFilter; no CAP_SYS_ADMIN"],
      ] as const
    ).map(([deed, loses, stops]) =>
      attempt({ name: `use ${deed}`, loses, stops, deed, refusals: filtered }),
    ),
  ],
};

const bus: Group = {
  title: "Process 1 and its services",
  attempts: [
    ...[
      ["run a command as root", "systemd-run --quiet --wait true"],
      [
        "lift the limits of its unit",
        "systemctl set-property --runtime con@mallory.service TasksMax=256",
      ],
      ["start a unit", "systemctl start con-sweep.service"],
      [
        "start a unit of its own under a name like con's",
        "systemd-run --quiet --wait --collect --unit=con-attack-name true",
      ],
      [
        "clean up after a colleague's unit",
        "systemctl reset-failed con@colleague.service con-gateway.service",
      ],
      ["signal a unit by its name", "systemctl kill --signal=CONT con-gateway.service"],
      ["stop a timer", "systemctl stop con-expiry.timer"],
      [
        "read the units anew",
        "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager Reload",
      ],
      [
        "plan a shutdown",
        "busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ScheduleShutdown st dry-poweroff 4000000000000000",
      ],
      [
        "hear what others say on the bus",
        "busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.Monitoring BecomeMonitor asu 0 0",
      ],
      ["set the host's name", "hostnamectl set-hostname --transient $(hostname)"],
    ].map(([name = "", script = ""]) =>
      command(
        {
          name,
          loses: "the machine",
          from: everywhere,
          stops: "the bus's policy; no polkit; the socket is root's",
        },
        script,
      ),
    ),
    attempt({
      name: "process 1 by its private socket",
      from: everywhere,
      loses: "the machine",
      stops: "owner and mode of the socket",
      deed: "unix",
      with: () => ({ path: "/run/systemd/private" }),
    }),
    attempt({
      name: "have a sealed key opened by the credential service",
      from: everywhere,
      loses: "keys of providers",
      stops: "the service asks polkit, which is not there; in a tool call there is no socket",
      deed: "command",
      with: (world) => ({
        script: `systemd-creds decrypt --name=scripted '${at("a copy of a sealed key")(world)}' -`,
      }),
    }),
  ],
};

const granted: Group = {
  title: "Services that a manifest has to open",
  attempts: (
    [
      ["the throw-away sandbox", "/run/con/sandbox/socket", "processor time of others"],
      ["the browser", "/run/con/browser/socket", "places of others; the web without a grant"],
    ] as const
  ).map(([name, path, loses]) =>
    attempt({
      name: `connect to ${name} without a grant`,
      from: everywhere,
      loses,
      stops: "the access list of the socket's directory; in a tool call there is no socket",
      deed: "unix",
      with: () => ({ path }),
    }),
  ),
};

const last: Group = {
  title: "Last of all",
  attempts: [
    attempt({
      name: "become root",
      from: everywhere,
      loses: "the machine",
      stops: "no CAP_SETUID",
      deed: "become root",
      refusals: ["EPERM", "EINVAL"],
    }),
  ],
};

export const serviceGroups: readonly Group[] = [kernel, bus, granted, last];
