/**
 * Takes temporary agents away: their units, access, folders and users, until nothing is left that has their uid.
 *
 * Every step may be done again; the note of where one can have left files goes last. Never: follows a link of
 * theirs; gives what they sent to others a meaning that it had not. After a crash the record still names them.
 */
import fs from "node:fs";
import { join } from "node:path";
import { childPrefix } from "../../config/agent.ts";
import { compiledPaths } from "../../config/compiled.ts";
import { nodeDisk } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { exec } from "../../system/exec.ts";
import type { Failure } from "../apply.ts";
import { type People, userOf } from "../ids.ts";
import { withApplyLock } from "../lock.ts";
import { observePeople } from "../observe.ts";
import * as paths from "../paths.ts";
import { deleteUser } from "../retire.ts";
import { listUnits, onUnits } from "../systemd.ts";
import { withWalk } from "../walk.ts";
import { follow } from "./follow.ts";
import { handOver, type Owner } from "./hand-over.ts";
import { forgetReach, readReach } from "./reach.ts";

/** A child that goes, and who made it. */
export interface Leaving {
  readonly name: string;
  readonly uid: number;
  readonly parent: string;
}

const service = (name: string): string => `con@${name}.service`;
const bell = (name: string): string => `con-bell@${name}.socket`;

/** They have nothing to bring to an end: what they answered lies in their outbox. */
export async function endUnits(names: readonly string[]): Promise<void> {
  const units = await listUnits();
  const live = names.map(service).filter((unit) => units.get(unit)?.active === "active");
  if (live.length > 0)
    // One that ended by itself meanwhile is what is wanted.
    await exec(["systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", "--", ...live]);
  const known = names
    .flatMap((name) => [service(name), bell(name)])
    .filter((one) => units.has(one));
  await onUnits("stop", known);
  const left = [...(await listUnits())].filter(([unit]) => known.includes(unit));
  await onUnits(
    "reset-failed",
    left.filter(([, { active }]) => active === "failed").map(([unit]) => unit),
  );
}

/** Nothing of their uids runs any more. Whoever is named in no failure is gone. */
export const removeChildren = (leaving: readonly Leaving[]): Promise<Failure[]> =>
  withApplyLock(nodeDisk, async () => {
    const names = leaving.map(({ name }) => name);
    const { world, failures } = await follow(new Set(names));
    // Somebody else's child that could not be made is no reason to keep these.
    const stays = failures.filter(({ agent }) => !(agent?.startsWith(childPrefix) ?? false));
    if (stays.length > 0) return leaving.flatMap(({ name }) => stays.map(ofChild(name)));
    const people = observePeople();
    const why = new Map<string, string>();
    const attempt = async (step: Step): Promise<void> => {
      for (const one of leaving) {
        if (why.has(one.name)) continue;
        const trouble = await troubleOf(() => step(one));
        if (trouble !== null) why.set(one.name, trouble);
      }
    };
    // A parent that goes along still gets what its children leave, and gives it on after them.
    const uids = {
      ...world.registry,
      ...Object.fromEntries(leaving.map(({ name, uid }) => [name, uid])),
    };
    await attempt((one) => handOn(one, uids, people));
    // One program for all: most of its time is its start.
    await attempt(({ name }) => putAside(name));
    const left = names.filter((name) => !why.has(name));
    if ((await removeTrees(left.flatMap(placesOf))) !== null)
      await attempt(({ name }) => removeTrees(placesOf(name), removeOneWithinMs));
    await attempt(async ({ name }) => {
      const [failure] = await deleteUser(name);
      if (failure !== undefined) return `${failure.what}: ${failure.why}`;
      forgetReach(nodeDisk, name);
      return null;
    });
    return [...why].map(
      ([agent, trouble]): Failure => ({ what: `temporary agent ${agent}`, why: trouble, agent }),
    );
  });

/** While its access may still be there, its uid is not free. */
const ofChild =
  (agent: string) =>
  (failure: Failure): Failure => ({ ...failure, agent });

/** Why it was not done, or null. */
type Step = (one: Leaving) => Promise<string | null>;

async function troubleOf(act: () => Promise<string | null>): Promise<string | null> {
  try {
    return await act();
  } catch (error) {
    return reasonOf(error);
  }
}

/** Of the kernel: neither agent nor person. */
const nobody: Owner = { uid: 65_534, gid: 65_534 };

const ownerOf = (uid: number, user: { readonly gid: number } | undefined): Owner => ({
  uid,
  gid: user?.gid ?? uid,
});

async function handOn(
  { name, uid, parent }: Leaving,
  uids: Readonly<Record<string, number>>,
  { users, groups }: People,
): Promise<string | null> {
  const gid = users.get(userOf(name))?.gid ?? groups.get(userOf(name))?.gid ?? uid;
  const own: Owner = { uid, gid };
  const parentUid = uids[parent];
  const heir = parentUid === undefined ? nobody : ownerOf(parentUid, users.get(userOf(parent)));
  const reach = readReach(name);
  const complaints = [
    ...(reach?.shared ?? []).flatMap((path) => handOver(path, own, heir)),
    // With the parent's name on it, a question or an answer would be the parent's.
    ...(reach?.spools ?? []).flatMap((path) => handOver(path, own, nobody)),
  ];
  return complaints[0] ?? null;
}

const asideOf = (name: string): string => join(paths.archive, `.${name}`);

/** Its own folder gets a name that nobody can reach. */
async function putAside(name: string): Promise<string | null> {
  // Of a run that was cut off; a bootstrap in between may have made the folder again.
  const aside = asideOf(name);
  const trouble = fs.existsSync(aside) ? await removeTrees([aside]) : null;
  if (trouble !== null) return trouble;
  withWalk("refuse", ({ entry }) => {
    const base = entry(paths.agentBase(name));
    if (fs.lstatSync(base, { throwIfNoEntry: false }) === undefined) return;
    fs.renameSync(base, aside);
  });
  return null;
}

const placesOf = (name: string): string[] => [
  asideOf(name),
  compiledPaths().agent(name),
  compiledPaths().agentFiles(name),
  join(paths.dropIns, `${service(name)}.d`),
  paths.bellOf(name),
  join(paths.ended, name),
  join(paths.holds, `${name}.json`),
  join(paths.outcomes, name),
];

/** What is left then is removed the next time: a child may leave millions of files, and others wait. */
const removeWithinMs = 30_000;
const removeOneWithinMs = 5_000;

/** By rm(1): an agent may have made its folder deeper than any path can name. Returns what went wrong. */
async function removeTrees(
  gone: readonly string[],
  timeoutMs = removeWithinMs,
): Promise<string | null> {
  const argv = ["rm", "--recursive", "--force", "--one-file-system", "--", ...gone] as const;
  const { code, stderr } = await exec(argv, { timeoutMs });
  return code === 0 ? null : stderr.trim().split("\n")[0] || `rm ended with ${code}`;
}
