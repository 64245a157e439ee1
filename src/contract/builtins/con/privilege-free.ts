/**
 * `privilege_free {}`: no agent has a way to more rights or to a life outside its unit: sudo, groups that are
 * as good as root, cron and at, a login, a key, a user manager that lingers, a set-user-id file.
 *
 * Whoever has a uid of agents or a name `a-…` is looked at, retired ones too. Looks at names, owners and
 * lines; shows where something is, not what it says.
 */
import { join } from "node:path";
import { agentUids, parsePeople } from "../../../host/ids.ts";
import { readIfThere } from "../../../host/machine.ts";
import type { BuiltinCheck } from "../../types.ts";
import { findFiles } from "./find-files.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { judge, shown, type Trouble, unable } from "./verdicts.ts";

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
    const agents = agentRecords(etc("passwd"));
    const setuid = await findFiles(places, [health.root], ["-type", "f", "-perm", "/6000"]);
    if (typeof setuid === "string") return unable(`${health.root}: ${setuid}`);
    const troubles = [
      ...agents.flatMap((agent) => inGroups(agent, etc("passwd"), etc("group"))),
      ...agents.flatMap((agent) => logins(agent, etc("shadow"))),
      ...agents.flatMap((agent) => keysAndManagers(places, agent)),
      ...sudoers(places),
      ...timedJobs(places, agents),
      ...setuid.map((path): Trouble => {
        const file = shown(path);
        const remedy = `ls -l ${file}; chmod ug-s ${file}`;
        return { found: `${file} is set-user-id or set-group-id`, key: `setuid:${file}`, remedy };
      }),
    ];
    return judge(troubles, `${agents.length} agents without privileges`);
  };

interface AgentRecord {
  readonly user: string;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

function agentRecords(passwd: string): AgentRecord[] {
  return passwd.split("\n").flatMap((line) => {
    const [user = "", , uid = "", gid = "", , home = "", shell = ""] = line.split(":");
    const inRange = Number(uid) >= agentUids.first && Number(uid) <= agentUids.last;
    if (uid === "" || !(inRange || user.startsWith("a-"))) return [];
    const name = user.replace(/^a-/, "");
    return [{ user, name, uid: Number(uid), gid: Number(gid), home, shell }];
  });
}

const trouble = (
  { user, name }: AgentRecord,
  what: string,
  key: string,
  remedy: string,
): Trouble => ({
  found: `${shown(user)} ${what}`,
  key: `privilege:${key}:${shown(user)}`,
  agent: name,
  remedy,
});

function inGroups(agent: AgentRecord, passwd: string, group: string): Trouble[] {
  const { groups } = parsePeople(passwd, group);
  return mighty.flatMap((name) => {
    const one = groups.get(name);
    if (one === undefined) return [];
    const { user, gid } = agent;
    if (one.gid === gid)
      return [trouble(agent, `has the primary group ${name}`, name, "con verify; con bootstrap")];
    if (!one.members.includes(user)) return [];
    return [trouble(agent, `is in group ${name}`, name, `gpasswd --delete ${shown(user)} ${name}`)];
  });
}

const noLogin = /\/(?:nologin|false)$/;

function logins(agent: AgentRecord, shadow: string): Trouble[] {
  const { user, uid, shell } = agent;
  const line = shadow.split("\n").find((one) => one.startsWith(`${user}:`));
  const locked = line === undefined || /^[!*]/.test(line.split(":")[1] ?? "");
  const usermod = (what: string) => `usermod ${what} ${shown(user)}`;
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
  const remedy = `loginctl disable-linger ${shown(user)}; loginctl terminate-user ${shown(user)}`;
  return [
    ...["authorized_keys", "authorized_keys2"]
      .filter((name) => home.startsWith("/") && has(keys, name))
      .map((name) =>
        trouble(agent, `has ${shown(keys)}/${name}`, "ssh", `rm ${shown(keys)}/${name}`),
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

/** Names of agents and their group, numbers of their range, and rules for everybody. */
const forAgents =
  /(?:^|[\s,=!(:])(?:a-[a-z][a-z0-9-]*|%(?:agents|a-[a-z][a-z0-9-]*)|#[2-5]\d{4})(?=[\s,=:)]|$)|^\s*ALL\s/m;

function sudoers({ sysroot }: Places): Trouble[] {
  const directory = join(sysroot, "/etc/sudoers.d");
  const extra = filesIn(directory).map((name) => join(directory, name));
  return [join(sysroot, "/etc/sudoers"), ...extra].flatMap((path) => {
    const text = (readIfThere(path) ?? "").replace(/\\\n/g, " ");
    // `#123` is a uid, any other `#` a comment.
    const lines = text.split("\n").map((line) => line.replace(/#(?!\d).*$/, ""));
    if (!lines.some((line) => forAgents.test(line))) return [];
    const found = `${shown(path)} gives rights to agents`;
    return [{ found, key: `sudoers:${shown(path)}`, remedy: `visudo -f ${shown(path)}` }];
  });
}

function timedJobs({ sysroot }: Places, agents: readonly AgentRecord[]): Trouble[] {
  const spool = ["crontabs", "tabs", ""].map((name) => join(sysroot, "/var/spool/cron", name));
  const own = agents.flatMap((agent) =>
    spool
      .filter((directory) => has(directory, agent.user))
      .map((directory) => {
        const path = shown(join(directory, agent.user));
        return trouble(agent, `has a crontab, ${path}`, "cron", `crontab -r -u ${agent.user}`);
      }),
  );
  const system = join(sysroot, "/etc/cron.d");
  const tables = [join(sysroot, "/etc/crontab"), ...filesIn(system).map((n) => join(system, n))];
  const named = tables.flatMap((path): Trouble[] => {
    const lines = (readIfThere(path) ?? "").split("\n");
    const jobs = lines.some((line) => agents.some(({ user }) => runsAs(line, user)));
    const found = `${shown(path)} runs a job as an agent`;
    return jobs ? [{ found, key: `cron:${shown(path)}`, remedy: `edit ${shown(path)}` }] : [];
  });
  return [...own, ...named, ...atJobs(sysroot, agents)];
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

function filesIn(directory: string): string[] {
  const looked = lookInto(directory, (look) =>
    look.entries(mostEntries).list.map(({ text }) => text),
  );
  return looked.kind === "seen" ? looked.value.sort() : [];
}
