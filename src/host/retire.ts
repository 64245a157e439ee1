/**
 * Takes away what bootstrap leaves of an agent without a manifest: its directory goes to the archive, its
 * user goes from the machine, its own skills from the configuration. The uid stays in the registry, so that nobody ever gets it again.
 *
 * Every step may be done again. Never: follows a link, looks into what an agent wrote, deletes a file of
 * one. After a crash the directory is in one of the two places.
 */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, nodeDisk } from "../system/disk.ts";
import { replaceDurably } from "../system/durable.ts";
import { exec } from "../system/exec.ts";
import type { Failure } from "./apply.ts";
import { isChildUid, userOf } from "./ids.ts";
import { observePeople } from "./observe.ts";
import * as paths from "./paths.ts";
import { sysusersText } from "./plan/people.ts";
import { snapshotIfAny } from "./snapshot.ts";
import { withWalk } from "./walk.ts";

/** What the archive of one agent is called: `NAME-2027-01-31T09-00-00Z`. */
export const archiveName = (agent: string, at: string): string =>
  `${agent}-${at.replace(/\.\d+Z$/, "Z").replaceAll(":", "-")}`;

/** A manifest or instructions, to be found again. */
export interface KeptText {
  readonly name: string;
  readonly text: string;
}

/**
 * Moves `/srv/con/agents/NAME` to `/srv/con/archive/ARCHIVE/agent`, with `texts` beside it. A tree of nothing
 * but directories is not worth an archive, and goes.
 */
export function archiveAgent(agent: string, archive: string, texts: readonly KeptText[]): void {
  const to = join(paths.archive, archive);
  const place = join(to, "agent");
  fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const { name, text } of texts)
    replaceDurably(nodeDisk, join(to, name), Buffer.from(text), 0o600);
  // Without texts it was never there: then its skills wait for another try.
  if (texts.length > 0) archiveSkills(join(paths.configuration, "agents.d", `${agent}.skills`), to);
  withWalk("refuse", ({ entry }) => moveIfThere(entry(paths.agentBase(agent)), place));
  sync(paths.archive, to, dirname(paths.agentBase(agent)));
  if (fs.existsSync(place) && !holdsFiles(place)) fs.rmSync(place, { recursive: true });
  if (fs.readdirSync(to).length === 0) fs.rmdirSync(to);
}

/** Root's own, and perhaps on another disk: copied whole before they go. */
function archiveSkills(folder: string, to: string): void {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const copy = (from: string, into: string): void => {
    fs.mkdirSync(into, { recursive: true, mode: 0o700 });
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(into, entry.name)];
      if (entry.isDirectory()) copy(source, target);
      else if (entry.isFile()) replaceDurably(nodeDisk, target, fs.readFileSync(source), 0o600);
    }
    sync(into);
  };
  copy(folder, join(to, "skills"));
  fs.rmSync(folder, { recursive: true });
}

function moveIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Below the archive nobody but root moves anything any more. */
const holdsFiles = (directory: string): boolean =>
  fs.readdirSync(directory, { withFileTypes: true, encoding: "buffer" }).some((entry) => {
    if (!entry.isDirectory()) return true;
    return holdsFiles(join(directory, entry.name.toString("utf8")));
  });

function sync(...directories: readonly string[]): void {
  for (const directory of directories) {
    const fd = fs.openSync(directory, "r");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }
}

/** userdel(8): the user does not exist; groupdel(8): neither does the group. */
const notThere = 6;

/** Its processes must have ended. The next boot makes no such user either. */
export async function removeUser(agent: string): Promise<Failure[]> {
  const promised = (snapshotIfAny()?.people ?? []).filter(({ id }) => !isChildUid(id));
  if (promised.length > 0 && fs.existsSync(paths.sysusersFile))
    fs.writeFileSync(paths.sysusersFile, sysusersText(promised), { mode: 0o644 });
  // Root's own; what contracts found of an agent that is gone teaches nobody.
  fs.rmSync(join(paths.outcomes, agent), { recursive: true, force: true });
  return deleteUser(agent);
}

/** User and group, whichever is still there. */
export async function deleteUser(agent: string): Promise<Failure[]> {
  const user = userOf(agent);
  const { users } = observePeople();
  const failures = users.has(user) ? await run(["userdel", "--force", user], agent) : [];
  const { groups } = observePeople();
  return [...failures, ...(groups.has(user) ? await run(["groupdel", user], agent) : [])];
}

async function run(argv: readonly [string, ...string[]], agent: string): Promise<Failure[]> {
  const { code, stderr } = await exec(argv);
  if (code === 0 || code === notThere) return [];
  const why = stderr.trim().split("\n")[0] || `it ended with ${code}`;
  return [{ what: argv.join(" "), why, agent }];
}

/** When its timer ran last, which PID 1 keeps on disk. */
export async function forgetTimer(agent: string): Promise<void> {
  await exec(["systemctl", "clean", "--what=state", "--", `con@${agent}.timer`]);
}
