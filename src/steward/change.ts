/**
 * Changes /etc/con and lets the machine follow: all of it, or nothing.
 *
 * Before the first file is touched a note with all old and new texts is durable. While it lies there the
 * change is neither done nor undone: the request that made it carries it out again, and where that request
 * is gone it is taken back. Files are put in the order given, so that what makes an agent comes last.
 */
import { basename, dirname, join } from "node:path";
import { namePattern } from "../config/grammar.ts";
import type { Disk } from "../system/disk.ts";
import { listed } from "../system/disk.ts";
import {
  exists,
  isTemporaryName,
  readFile,
  removeDurably,
  replaceDurably,
  syncDirectory,
} from "../system/durable.ts";
import { isId } from "../task/id.ts";
import { fileOf } from "./places.ts";
import type { StewardWorld } from "./world.ts";

export interface Change {
  readonly version: 1;
  /** The request that wants it. */
  readonly id: string;
  readonly agent: string;
  /** `agent` is made, stays, or goes. */
  readonly kind: "commission" | "amend" | "retire";
  readonly files: readonly FileChange[];
  /** Of the agent's data, when it goes. */
  readonly archive: string;
}

export interface FileChange {
  readonly path: string;
  /** Null = not there. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Larger than any of them: a retired name may stand in many manifests. */
const maxChangeBytes = 64 << 20;
const noteMode = 0o600;
/** Bootstrap and people read them; nothing of them is secret. */
const fileMode = 0o644;
const directoryMode = 0o755;

const noteOf = (world: StewardWorld, agent: string): string =>
  join(world.places.changes, fileOf(agent));

/** What is under way for `agent`. A note that is damaged was never whole, so nothing had begun. */
function changeOf(world: StewardWorld, agent: string): Change | null {
  const path = noteOf(world, agent);
  const bytes = readFile(world.disk, path, maxChangeBytes);
  if (bytes === null) return null;
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as Change;
    if (value.version === 1 && value.agent === agent && isId(value.id)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  world.log.error("the note of a change is damaged and was removed", { path });
  removeDurably(world.disk, path);
  return null;
}

/** Everything that is under way. */
function changesNow(world: StewardWorld): Change[] {
  return namesIn(world).flatMap((name) => changeOf(world, name) ?? []);
}

function namesIn(world: StewardWorld): string[] {
  const names = listed(world.disk, world.places.changes).filter((name) => name.endsWith(".json"));
  return names.map((name) => name.slice(0, -".json".length)).filter((one) => namePattern.test(one));
}

/** What a steward that was killed had not yet given its name. Nobody else writes such names there. */
function sweepHalves(world: StewardWorld): void {
  const { changes, children, commissions, configuration, proposals } = world.places;
  const ours = [changes, children, commissions, proposals, join(configuration, "agents.d")];
  const underWay = changesNow(world).flatMap(({ files }) => files.map(({ path }) => dirname(path)));
  for (const directory of new Set([...ours, ...underWay]))
    for (const name of listed(world.disk, directory))
      if (isTemporaryName(name)) removeDurably(world.disk, join(directory, name));
}

export type Carried =
  | { readonly ok: true; readonly changes: readonly string[] }
  /** Taken back. */
  | { readonly ok: false; readonly why: string };

/** May be called again for the same change after a crash. */
export async function carryOut(world: StewardWorld, change: Change): Promise<Carried> {
  begin(world, change);
  put(world, change, "after");
  const { changes, trouble } = await world.host.bootstrap(change.agent);
  if (trouble !== null) {
    await takeBack(world, change);
    return { ok: false, why: trouble };
  }
  if (change.kind === "retire") await remove(world, change);
  end(world, change);
  return { ok: true, changes };
}

/** As it was before. An agent that was made is gone again. */
async function takeBack(world: StewardWorld, change: Change): Promise<void> {
  put(world, change, "before");
  if (change.kind === "commission") await world.host.stop((name) => name === change.agent);
  await world.host.bootstrap(change.agent);
  if (change.kind === "commission") await remove(world, change);
  end(world, change);
}

/** Its units stand still by then, and nobody can reach it any more. */
async function remove({ host, log }: StewardWorld, change: Change): Promise<void> {
  const { agent, archive, kind, files } = change;
  const texts = (kind === "retire" ? files : []).flatMap(({ path, before }) => {
    const name = basename(path);
    const isOwn = [`${agent}.yaml`, `${agent}.md`].includes(name);
    return before !== null && isOwn ? [{ name, text: before }] : [];
  });
  await host.stop((name) => name === agent);
  for (const { what, why } of await host.remove(agent, archive, texts))
    log.error("something of an agent that goes stayed", { agent, what, why });
}

/** What this request had begun before it was cut off. */
export const begunBy = (world: StewardWorld, id: string): Change | null =>
  changesNow(world).find((change) => change.id === id) ?? null;

/** What was left by an earlier request for this agent is brought to its end. */
export async function settle(world: StewardWorld, agent: string, id: string): Promise<void> {
  const change = changeOf(world, agent);
  if (change !== null && change.id !== id) await finish(world, change);
}

const finish = async (world: StewardWorld, change: Change): Promise<void> => {
  if (change.kind === "retire") await carryOut(world, change);
  else await takeBack(world, change);
};

/** At the start: a change whose request is gone meanwhile. One whose request waits is its own affair. */
export async function finishAbandoned(
  world: StewardWorld,
  isWaiting: (id: string) => boolean,
): Promise<void> {
  sweepHalves(world);
  for (const change of changesNow(world)) {
    if (isWaiting(change.id)) continue;
    world.log.warn("ends a change that was cut off", { agent: change.agent, id: change.id });
    await finish(world, change);
  }
}

function begin(world: StewardWorld, change: Change): void {
  const bytes = Buffer.from(`${JSON.stringify(change)}\n`);
  if (changeOf(world, change.agent)?.id === change.id) return;
  replaceDurably(world.disk, noteOf(world, change.agent), bytes, noteMode);
}

const end = (world: StewardWorld, { agent }: Change): void =>
  removeDurably(world.disk, noteOf(world, agent));

/** The folders of a skill come with its first file; an empty one is none, so they stay when it goes. */
function makeRoom(disk: Disk, directory: string): void {
  if (exists(disk, directory)) return;
  makeRoom(disk, dirname(directory));
  disk.makeDirectory(directory, directoryMode);
  syncDirectory(disk, dirname(directory));
}

/** Taking back goes the other way round: what makes an agent goes first. */
function put({ disk }: StewardWorld, { files, kind }: Change, side: "before" | "after"): void {
  const isLeaving = kind === "retire" ? side === "after" : side === "before";
  for (const file of isLeaving ? [...files].reverse() : files) {
    const text = file[side];
    if (text === null) removeDurably(disk, file.path);
    else {
      makeRoom(disk, dirname(file.path));
      replaceDurably(disk, file.path, Buffer.from(text), fileMode);
    }
  }
}
