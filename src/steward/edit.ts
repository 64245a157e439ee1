/** From what a verb wants to the files of /etc/con that a change is made of. Reads only. */

import { basename, join } from "node:path";
import { loadConfigFiles } from "../config/load.ts";
import type { ConfigFiles } from "../config/parse.ts";
import { type Commission, commissionFile } from "../host/commissions.ts";
import { textAt } from "../host/kept-file.ts";
import { archiveName } from "../host/retire.ts";
import { askerOf } from "./authority.ts";
import type { Change, FileChange } from "./change.ts";
import type { Requester } from "./policy.ts";
import type { StewardWorld } from "./world.ts";

export const filesNow = ({ places }: Pick<StewardWorld, "places">): ConfigFiles =>
  loadConfigFiles(places.configuration);

export const manifestPath = ({ places }: StewardWorld, agent: string): string =>
  join(places.configuration, "agents.d", `${agent}.yaml`);

export const instructionsPath = ({ places }: StewardWorld, agent: string): string =>
  join(places.configuration, "agents.d", `${agent}.md`);

export const commissionPath = ({ places }: StewardWorld, agent: string): string =>
  join(places.commissions, commissionFile(agent));

/** The manifest of `agent` as it stands, or null. */
export const manifestOf = (world: StewardWorld, agent: string): string | null =>
  filesNow(world).agents.find(({ path }) => basename(path) === `${agent}.yaml`)?.text ?? null;

/** Files that stay as they are are left out. */
export function changeFor(
  world: StewardWorld,
  what: Pick<Change, "id" | "agent" | "kind">,
  wanted: readonly { readonly path: string; readonly after: string | null }[],
): Change {
  const files = wanted
    .map(({ path, after }): FileChange => ({ path, before: textAt(path), after }))
    .filter(({ before, after }) => before !== after);
  const archive = archiveName(what.agent, new Date(world.now()).toISOString());
  return { version: 1, ...what, files, archive };
}

/** The record of who asked, as its file holds it. */
export function commissionText(
  world: StewardWorld,
  agent: string,
  by: Requester,
  rest: Pick<Commission, "request" | "retired">,
): string {
  const commission: Commission = {
    version: 1,
    agent,
    by: { uid: by.uid, name: by.name, agent: askerOf(world, by) },
    at: new Date(world.now()).toISOString(),
    ...rest,
  };
  return `${JSON.stringify(commission)}\n`;
}

/** The line under a manifest that says whose wish it was. */
export const signature = (world: StewardWorld, how: string, by: Requester, id: string): string =>
  `${how} by ${by.name}, ${new Date(world.now()).toISOString()}, request ${id}`;
