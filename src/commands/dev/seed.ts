/**
 * Prepares a directory for `con dev`: a profile when it has no configuration, the folders of every
 * agent, and what was compiled. Repeating it is harmless. Never: touches configuration that is there.
 */
import { cpSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { compiledPaths } from "../../config/compiled.ts";
import type { Assembled } from "../../host/instructions.ts";
import { isScript } from "../../host/skills.ts";
import { agentPaths, outerInbox } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { replaceDurably } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { DevPlaces } from "../shared/places.ts";
import { agentFiles, type DevRuntimes } from "./compile.ts";

/** Installed by the image; beside the source tree and beside the bundle in a checkout. */
const profiles = [
  "/usr/share/con/profiles/default",
  join(import.meta.dirname, "../../configs/default"),
  join(import.meta.dirname, "../../../configs/default"),
];

/** True when the default profile was copied. */
export function seedProfile(places: DevPlaces): boolean {
  if (existsSync(join(places.etc, "con.yaml"))) return false;
  const profile = profiles.find((path) => existsSync(join(path, "con.yaml")));
  if (profile === undefined) {
    const remedy = `write ${join(places.etc, "con.yaml")} and agents.d/NAME.yaml yourself`;
    throw new ConError(exit.configuration, "con dev", "the default profile is not here", remedy);
  }
  cpSync(profile, places.etc, { recursive: true, force: false });
  return true;
}

const shared = ["artifacts", "contracts", "logs"];

export function makeFolders(disk: Disk, places: DevPlaces, names: readonly string[]): void {
  const { root, compiled } = places;
  const make = (path: string): void => disk.makeDirectory(path, 0o700);
  for (const path of [outerInbox(root), compiled, ...shared.map((name) => join(root, name))])
    make(path);
  for (const name of names) {
    const { queue, inbox, outbox, processed, journal, workspace, tools, archive } = agentPaths(
      root,
      name,
    );
    for (const path of [inbox, outbox, processed, journal, workspace, tools, archive]) make(path);
    for (const path of Object.values(queue)) make(path);
  }
}

/** What the verbs (`con --root DIR …`) and the agents read. */
export function writeCompiled(
  disk: Disk,
  places: DevPlaces,
  { system, agents }: DevRuntimes,
  assembled: ReadonlyMap<string, Assembled>,
): void {
  const write = (path: string, bytes: Uint8Array, mode = 0o600): void => {
    disk.makeDirectory(dirname(path), 0o700);
    replaceDurably(disk, path, bytes, mode);
  };
  for (const [name, { text, skills }] of assembled) {
    const files = agentFiles(places, name);
    write(files.instructions, Buffer.from(text));
    for (const skill of skills)
      for (const [path, content] of skill.files)
        write(join(files.skills, skill.name, path), content, isScript(path) ? 0o700 : 0o600);
  }
  const paths = compiledPaths(places.compiled);
  for (const agent of agents) write(paths.agent(agent.name), json(agent));
  write(paths.system, json(system));
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
