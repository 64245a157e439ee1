/** Compiled configuration, instructions and skills as files. Pure. */
import { dirname, join } from "node:path";
import { compiledPaths } from "../../config/compiled.ts";
import type { AgentEntry, GatewayRuntime } from "../../config/runtime.ts";
import type { DirectoryFact, FileFact } from "../facts.ts";
import { browserUser, trustedUids } from "../ids.ts";
import * as paths from "../paths.ts";
import { isScript } from "../skills.ts";
import type { World } from "../world.ts";
import { compileBrowser } from "./browser.ts";
import {
  compileAgent,
  compileEntry,
  compileGateway,
  compileHealth,
  compileSystem,
  type Places,
} from "./compiled.ts";
import { compileForge } from "./layers.ts";
import { compileSandbox } from "./sandbox.ts";
import { storedCredentials } from "./units.ts";
import type { View, Views } from "./views.ts";

const compiled = compiledPaths();

const places: Places = {
  root: paths.root,
  gatewaySocket: paths.gatewaySocket,
  ledger: join(paths.ledgerDirectory, "ledger.db"),
  audit: paths.agentAudit,
  agentFiles: compiled.agentFiles,
};

const file = (path: string, gid: number, mode: number, content: string | Uint8Array): FileFact => ({
  kind: "file",
  path,
  uid: 0,
  gid,
  mode,
  content,
});

const json = (value: unknown): string => `${JSON.stringify(value)}\n`;

export function planFiles(world: World, views: Views): (FileFact | DirectoryFact)[] {
  const { config, gids } = world;
  const entries = entriesOf(world, views);
  const granted = new Map(views.all.map(({ name, can }) => [name, can.models]));
  const budgets = new Map(world.deployed.map(({ entry, runtime }) => [entry.name, runtime.budget]));
  return [
    file(
      compiled.system,
      0,
      0o644,
      json(compileSystem(config, places, entries, compileForge(config, world.network))),
    ),
    file(
      compiled.gateway,
      gids["con-gateway"],
      0o640,
      json({
        ...compileGateway(config, places, entries, { children: world.children, granted, budgets }),
        credentials: storedCredentials(world),
      } satisfies GatewayRuntime),
    ),
    file(
      compiled.browser,
      world.people.users.get(browserUser.name)?.gid ?? browserUser.id,
      0o640,
      json(compileBrowser(world, views)),
    ),
    file(compiled.health, 0, 0o600, json(compileHealth(config, places, entries))),
    file(compiled.sandbox, 0, 0o600, json(compileSandbox(views))),
    file(paths.wakeFile, 0, 0o644, wakeText(world)),
    ...contractFiles(world),
    ...views.all.flatMap((view) => agentFiles(world, views, view)),
  ];
}

function entriesOf(world: World, views: Views): AgentEntry[] {
  const current = views.all.flatMap(({ name, uid, agent }) =>
    agent === null
      ? []
      : [compileEntry(agent, uid, wakeOf(world, name), world.children.get(name)?.parent)],
  );
  return [...current, ...world.deployed.map(({ entry }) => entry)];
}

/** A temporary agent has no path unit: the machine has few. */
const wakeOf = ({ bells, children }: World, name: string): AgentEntry["wake"] =>
  bells.has(name) || children.has(name) ? "bell" : "path";

const wakeText = (world: World): string =>
  json({ version: 1, inotifyLimit: world.inotifyLimit, bells: [...world.bells].sort() });

function agentFiles(world: World, views: Views, view: View): (FileFact | DirectoryFact)[] {
  const { name, uid, gid, agent } = view;
  const assembled = world.assembled.get(name);
  if (agent === null || assembled === undefined) return [];
  const { text, skills } = assembled;
  const facts = {
    uid,
    wake: wakeOf(world, name),
    taskerUids: [...views.taskers(name), ...parentUid(world, name)],
    instructions: text,
    skills,
  };
  const runtime = compileAgent(world.config, agent, facts, places, trustedUids(world.people));
  const home = compiled.agentFiles(name);
  return [
    file(compiled.agent(name), gid, 0o640, json(runtime)),
    file(join(home, "AGENTS.md"), gid, 0o640, text),
    ...skills.flatMap((skill) => skillFiles(join(home, "skills", skill.name), gid, skill.files)),
  ];
}

/** Its parent's word reaches it by the steward only: there is no access list for it. */
function parentUid({ children, registry }: World, name: string): number[] {
  const lineage = children.get(name);
  return lineage === undefined ? [] : [registry[lineage.parent] ?? []].flat();
}

function contractFiles({ contracts }: World): (FileFact | DirectoryFact)[] {
  const script = (name: string): boolean => name.startsWith("scripts/");
  return [
    openDirectory(paths.contracts),
    openDirectory(join(paths.contracts, "scripts")),
    ...[...contracts].map(([name, content]) =>
      file(join(paths.contracts, name), 0, script(name) ? 0o755 : 0o644, content),
    ),
  ];
}

const openDirectory = (path: string): DirectoryFact => ({
  kind: "directory",
  path,
  uid: 0,
  gid: 0,
  mode: 0o755,
  named: [],
  inherit: null,
  deep: false,
});

function skillFiles(
  folder: string,
  gid: number,
  files: ReadonlyMap<string, Uint8Array>,
): (FileFact | DirectoryFact)[] {
  const folders = new Set([folder]);
  for (const path of files.keys())
    for (let at = dirname(join(folder, path)); !folders.has(at); at = dirname(at)) folders.add(at);
  return [
    ...[...folders].sort().map(
      (path): DirectoryFact => ({
        kind: "directory",
        path,
        uid: 0,
        gid,
        mode: 0o750,
        named: [],
        inherit: null,
        deep: false,
      }),
    ),
    ...[...files].map(([path, content]) =>
      file(join(folder, path), gid, isScript(path) ? 0o750 : 0o640, content),
    ),
  ];
}
