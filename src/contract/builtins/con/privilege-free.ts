/**
 * `privilege_free {}`: no agent has a way to more rights or to a life outside its unit: sudo, groups that are
 * as good as root, cron and at, a login, a key, a user manager that lingers, a set-user-id file.
 *
 * All that were ever agents are looked at (agent-records.ts). Looks at names, owners and lines; shows where
 * something is, not what it says. What cannot be looked at is a trouble beside the others, never instead.
 */
import { join } from "node:path";
import { parsePeople } from "../../../host/ids.ts";
import { readIfThere } from "../../../host/machine.ts";
import type { BuiltinCheck } from "../../types.ts";
import { type AgentRecord, agentRecords } from "./agent-records.ts";
import { lookInto, namesIn } from "./look.ts";
import type { Places } from "./places.ts";
import { setuidFiles } from "./setuid.ts";
import { sudoers } from "./sudoers.ts";
import { inCommand, judge, named, type Trouble } from "./verdicts.ts";

/** Who may do what root may, one way or another. */
const mighty = [
  ..."root sudo wheel admin adm docker podman lxd incus libvirt kvm disk shadow kmem tty".split(
    " ",
  ),
  ..."systemd-journal con-gateway trusted".split(" "),
];
const mostEntries = 10_000;

export const privilegeFree =
  (places: Places): BuiltinCheck =>
  async (_args, { health }) => {
    const etc = (name: string): string => readIfThere(join(places.sysroot, "/etc", name)) ?? "";
    const { agents, uids, troubles } = agentRecords(places);
    const all = [
      ...troubles,
      ...agents.flatMap((agent) => inGroups(agent, etc("passwd"), etc("group"))),
      ...agents.flatMap((agent) => logins(agent, etc("shadow"))),
      ...agents.flatMap((agent) => keysAndManagers(places, agent)),
      ...sudoers(places, agents, uids, etc("group")),
      ...timedJobs(places, agents),
      ...(await setuidFiles(places, health.root)),
    ];
    return judge(all, `${agents.length} agents without privileges`);
  };

const trouble = (
  { user, name }: AgentRecord,
  what: string,
  key: string,
  remedy: string,
): Trouble => ({
  found: `${named(user)} ${what}`,
  key: `privilege:${key}:${named(user)}`,
  agent: name,
  remedy,
});

const typed = (user: string): string => inCommand(user, "USER");

function inGroups(agent: AgentRecord, passwd: string, group: string): Trouble[] {
  const { groups } = parsePeople(passwd, group);
  return mighty.flatMap((name) => {
    const one = groups.get(name);
    if (one === undefined) return [];
    const { user, gid } = agent;
    if (one.gid === gid)
      return [trouble(agent, `has the primary group ${name}`, name, "con verify; con bootstrap")];
    if (!one.members.includes(user)) return [];
    return [trouble(agent, `is in group ${name}`, name, `gpasswd --delete ${typed(user)} ${name}`)];
  });
}

const noLogin = /\/(?:nologin|false)$/;

function logins(agent: AgentRecord, shadow: string): Trouble[] {
  const { user, uid, shell } = agent;
  const line = shadow.split("\n").find((one) => one.startsWith(`${user}:`));
  const locked = line === undefined || /^[!*]/.test(line.split(":")[1] ?? "");
  const usermod = (what: string) => `usermod ${what} ${typed(user)}`;
  return [
    ...(uid === 0 ? [trouble(agent, "has uid 0", "uid", "con verify; con bootstrap")] : []),
    ...(noLogin.test(shell)
      ? []
      : [trouble(agent, "has a login shell", "shell", usermod("--shell /usr/sbin/nologin"))]),
    ...(locked ? [] : [trouble(agent, "has a password", "password", usermod("--lock"))]),
  ];
}

function keysAndManagers({ sysroot }: Places, agent: AgentRecord): Trouble[] {
  const { user, uid, home } = agent;
  const keys = join(home, ".ssh");
  const linger = "/var/lib/systemd/linger";
  const remedy = `loginctl disable-linger ${typed(user)}; loginctl terminate-user ${typed(user)}`;
  return [
    ...["authorized_keys", "authorized_keys2"]
      .filter((name) => home.startsWith("/") && has(keys, name))
      .map((name) =>
        trouble(
          agent,
          `has ${named(keys)}/${name}`,
          "ssh",
          `rm ${inCommand(keys, "HOME/.ssh")}/${name}`,
        ),
      ),
    ...(has(join(sysroot, linger), user)
      ? [trouble(agent, "has a user manager that lingers", "linger", remedy)]
      : []),
    ...(has(join(sysroot, "/run/user"), String(uid))
      ? [trouble(agent, "has a user manager", "manager", remedy)]
      : []),
  ];
}

function has(directory: string, name: string): boolean {
  const looked = lookInto(directory, (look) =>
    look.lstat({ text: name, bytes: Buffer.from(name) }),
  );
  return looked.kind === "seen" && looked.value !== null;
}

function timedJobs({ sysroot }: Places, agents: readonly AgentRecord[]): Trouble[] {
  const spool = ["crontabs", "tabs", ""].map((name) => join(sysroot, "/var/spool/cron", name));
  const own = agents.flatMap((agent) =>
    spool
      .filter((directory) => has(directory, agent.user))
      .map((directory) => {
        const path = named(join(directory, agent.user));
        return trouble(
          agent,
          `has a crontab, ${path}`,
          "cron",
          `crontab -r -u ${typed(agent.user)}`,
        );
      }),
  );
  const cron = join(sysroot, "/etc/cron.d");
  const tables = [join(sysroot, "/etc/crontab"), ...namesIn(cron).map((n) => join(cron, n))];
  const system = tables.flatMap((path): Trouble[] => {
    const lines = (readIfThere(path) ?? "").split("\n");
    const jobs = lines.some((line) => agents.some(({ user }) => runsAs(line, user)));
    const found = `${named(path)} runs a job as an agent`;
    return jobs
      ? [{ found, key: `cron:${named(path)}`, remedy: "edit the file that is named" }]
      : [];
  });
  return [...own, ...system, ...atJobs(sysroot, agents)];
}

const runsAs = (line: string, user: string): boolean =>
  !line.trimStart().startsWith("#") && line.trim().split(/\s+/).slice(1, 7).includes(user);

function atJobs(sysroot: string, agents: readonly AgentRecord[]): Trouble[] {
  const looked = lookInto(join(sysroot, "/var/spool/cron/atjobs"), (look) =>
    look.entries(mostEntries).list.flatMap((entry) => look.lstat(entry)?.uid ?? []),
  );
  const owners = looked.kind === "seen" ? new Set(looked.value.map(Number)) : new Set<number>();
  return agents
    .filter(({ uid }) => owners.has(uid))
    .map((agent) => trouble(agent, "has an at job", "at", "atq; atrm N"));
}
