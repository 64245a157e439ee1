/** Units of each agent and the drop-ins that carry its manifest. Pure. */
import { join } from "node:path";
import { defaultLimits } from "../../config/agent.ts";
import { endsAfter } from "../../config/grants.ts";
import { mcpCredentials } from "../../config/mcp.ts";
import type { Agent } from "../../config/types.ts";
import type { FifoFact, FileFact, LinkFact, UnitFact } from "../facts.ts";
import { noGpu } from "../gpu.ts";
import * as paths from "../paths.ts";
import type { World } from "../world.ts";
import { browserCredentials } from "./browser.ts";
import { senders } from "./directories.ts";
import { addressLines, gpuLines } from "./unit-reach.ts";
import { callsShared, mayAsk, type View, type Views } from "./views.ts";

export type UnitPart = FileFact | LinkFact | FifoFact | UnitFact;

const pathUnit = (name: string): string => `con@${name}.path`;
const bellUnit = (name: string): string => `con-bell@${name}.socket`;
const timerUnit = (name: string): string => `con@${name}.timer`;
const serviceUnit = (name: string): string => `con@${name}.service`;

const dropIn = (unit: string, name: string, lines: readonly string[]): FileFact => ({
  kind: "file",
  path: join(paths.dropIns, `${unit}.d`, name),
  uid: 0,
  gid: 0,
  mode: 0o644,
  content: `# Made by con bootstrap.\n${lines.join("\n")}\n`,
});

const unit = (name: string, agent: string | null): UnitFact => ({
  kind: "unit",
  name,
  agent,
  wanted: "active",
});

export function planUnits(world: World, views: Views): UnitPart[] {
  const isFront = ({ name }: View): boolean => name === world.config.system.frontDesk;
  // The front desk first: where inotify instances are scarce it must not be the one without.
  const ordered = [...views.all.filter(isFront), ...views.all.filter((view) => !isFront(view))];
  return [
    unit("con-gateway.socket", null),
    unit("con-sandbox.socket", null),
    unit("con-browser.socket", null),
    unit("con-sweep.timer", null),
    unit("con-steward.path", null),
    healthTimer(world),
    unit("con-healthcheck.timer", null),
    ...expiryTimer(world, views),
    unit("con-expiry.timer", null),
    unit("con-upkeep.timer", null),
    ...credentialDropIn("con-gateway.service", storedCredentials(world)),
    ...credentialDropIn("con-browser@.service", browserCredentials(world)),
    ...ordered.flatMap((view) => agentUnits(world, views, view)),
  ];
}

/** The first value empties what the unit file says (systemd.timer(5)). */
function healthTimer({ config }: World): FileFact {
  const every = `OnUnitActiveSec=${config.health.intervalSeconds}s`;
  return dropIn("con-healthcheck.timer", "50-interval.conf", [
    "[Timer]",
    "OnUnitActiveSec=",
    "OnBootSec=30s",
    every,
  ]);
}

/** A service that still runs is not started by its timer: hence each end has a second moment. */
const secondChanceMs = 30_000;

function expiryTimer({ now }: World, views: Views): FileFact[] {
  const ends = new Set(views.all.flatMap(({ constraints }) => endsAfter(constraints, now)));
  const moments = new Set([...ends].flatMap((at) => [at, at + secondChanceMs].map(calendarOf)));
  if (moments.size === 0) return [];
  const lines = [...moments].sort().map((moment) => `OnCalendar=${moment}`);
  return [dropIn("con-expiry.timer", "50-ends.conf", ["[Timer]", ...lines])];
}

/** The next whole second: never before the end. */
const calendarOf = (at: number): string =>
  `${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** Those that providers name and that are stored: the gateway gets them from systemd. */
export function storedCredentials({ config, credentials }: World): string[] {
  const wanted = new Set(Object.values(config.providers).map(({ credential }) => credential));
  return [...credentials].filter((name) => wanted.has(name)).sort();
}

function credentialDropIn(unit: string, names: readonly string[]): FileFact[] {
  if (names.length === 0) return [];
  return [dropIn(unit, "50-credentials.conf", ["[Service]", ...credentialLines(names)])];
}

const credentialLines = (names: readonly string[]): string[] =>
  names.map((name) => `LoadCredentialEncrypted=${name}:${join(paths.credentials, `${name}.cred`)}`);

function agentUnits(world: World, views: Views, view: View): UnitPart[] {
  const { name, agent } = view;
  if (agent === null) return [];
  const tier: LinkFact = {
    kind: "link",
    path: join(paths.dropIns, `${serviceUnit(name)}.d`, "10-tier.conf"),
    target: join(paths.tierFiles, `${agent.tier}.conf`),
  };
  const lines = serviceLines(world, views, view, agent);
  const service =
    lines.length === 0 ? [] : [dropIn(serviceUnit(name), "50-agent.conf", ["[Service]", ...lines])];
  return [tier, ...service, ...wakeUnits(world, views, name), ...timer(agent)];
}

function wakeUnits(world: World, views: Views, name: string): UnitPart[] {
  if (world.bells.has(name) || world.children.has(name)) {
    const named = senders(world, views, name).map((entry) => ({ ...entry, perms: 2 }));
    return [
      unit(bellUnit(name), name),
      { kind: "fifo", path: paths.bellOf(name), mode: 0o600, named },
    ];
  }
  const isFront = name === world.config.system.frontDesk;
  const outer = ["[Path]", `PathExistsGlob=${paths.root}/inbox/*.task`];
  return [
    ...(isFront ? [dropIn(pathUnit(name), "50-front-desk.conf", outer)] : []),
    unit(pathUnit(name), name),
  ];
}

function timer({ name, schedule }: Agent): UnitPart[] {
  if (schedule === null) return [];
  const lines = ["[Timer]", `OnCalendar=${schedule.at}`];
  return [dropIn(timerUnit(name), "50-schedule.conf", lines), unit(timerUnit(name), name)];
}

function serviceLines(world: World, views: Views, view: View, agent: Agent): string[] {
  const { limits } = agent;
  const { memory, cpu, tasks } = defaultLimits;
  return [
    ...(limits.memory === memory ? [] : [`MemoryMax=${limits.memory}`]),
    ...(limits.cpu === cpu ? [] : [`CPUQuota=${limits.cpu}`]),
    ...(limits.tasks === tasks ? [] : [`TasksMax=${limits.tasks}`]),
    ...addressLines(world, agent),
    ...(agent.gpu === true ? gpuLines(world.gpu ?? noGpu) : []),
    ...credentialLines(mcpCredentials(agent).filter((name) => world.credentials.has(name))),
    ...(world.children.has(agent.name) ? [endMark(agent.name)] : []),
    ...(agent.tier === "worker"
      ? workerLines(world, views, view)
      : officeLines(world, views, view)),
  ];
}

/** The steward sees by it that there is something to collect. As root, outside of the unit's own view. */
const endMark = (name: string): string => `ExecStopPost=+/usr/bin/touch ${join(paths.ended, name)}`;

/**
 * Directories outside its own that it may write, each a mount of its own: rename(2) and link(2) do not
 * cross mounts, so no file with another owner can be moved from one agent's reach into an inbox.
 */
function writablePaths(world: World, views: Views, view: View): string[] {
  const { name, can } = view;
  return [
    ...peersOf(views, view).map((peer) => `${paths.agentBase(peer.name)}/inbox`),
    ...(name === world.config.system.frontDesk ? [`${paths.root}/inbox`] : []),
    ...(mayAsk(view) ? [paths.stewardInbox] : []),
    ...can.write,
  ];
}

/** Whom it may task, and who may task it: to answer goes the same way. */
const peersOf = (views: Views, { name, can }: View): View[] =>
  views.all.filter((other) => can.task.includes(other.name) || other.can.task.includes(name));

/**
 * A worker sees nothing under /srv/con but its own directory; what is granted is mounted in. PID 1 makes the
 * directories on the way open to read, so those of other agents are mounted too, empty and closed.
 */
function workerLines(world: World, views: Views, view: View): string[] {
  const { can } = view;
  const readable = can.read.filter((path) => !can.write.includes(path));
  return [
    ...peersOf(views, view).map(
      (peer) => `TemporaryFileSystem=${paths.agentBase(peer.name)}:ro,mode=0711`,
    ),
    ...[...readable, ...(callsShared(view) ? [paths.sharedTools] : [])].map(
      (path) => `BindReadOnlyPaths=-${path}`,
    ),
    ...writablePaths(world, views, view).flatMap((path) => [
      `BindPaths=-${path}`,
      `ReadWritePaths=-${path}`,
    ]),
  ];
}

const officeLines = (world: World, views: Views, view: View): string[] =>
  writablePaths(world, views, view).map((path) => `ReadWritePaths=-${path}`);
