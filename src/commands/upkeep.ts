/**
 * `con upkeep [NAME]`: the daily work on what agents remember and leave behind. Without a name, as root: starts it for
 * each agent, one after the other. With one, as that agent: does it, bounded in time; the next day goes on. With
 * `--dry-run`: shows what would be removed.
 *
 * Never: opens an agent's file as root. What is done is done after a crash; the rest is done next time.
 */
import { readAgent, readSystem } from "../config/compiled.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { exec } from "../system/exec.ts";
import { createLog } from "../system/log.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { safeJson } from "./shared/text.ts";
import { foresee } from "./upkeep/foresee.ts";
import { keepUp } from "./upkeep/keep-up.ts";
import { reportJson, reportText } from "./upkeep/report.ts";

const example = `Run by con-upkeep.service once a day, and by con-upkeep@NAME.service. Forgets memories that expired or faded, joins
those that are twice there, makes vectors that are missing; removes answers, records, journals, plans, goals and the
like that are older than \`retention:\` of con.yaml or the manifest says. Nothing of a task that is active, deferred or
held is removed. The first run of an agent, and one after 45 days without any, only notes the time.

Keys of --json: agent, dry_run, complete, noted_only, memory (expired, faded, merged, purged, bounded, turns; null in a
dry run and where there is no memory), swept [{what, folder, before, entries, bytes, names, in_use, refused, why}];
before is null for what is kept for ever, names are the first 20.

Exit code: 0, 65 no such agent, 69 something could not be removed or the memory not be tidied, 77 neither root nor the
agent.

Example:
  systemctl start con-upkeep.service
  con upkeep concierge --dry-run`;

const patienceMs = 180_000;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("upkeep", "Tidy what agents remember and leave behind.", example)
    .argument("[name]", "the agent; all of them where none is named")
    .option("--dry-run", "show what would be removed, and remove nothing")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name] = command.args;
  const { dryRun = false, json = false } = command.opts<{ dryRun?: boolean; json?: boolean }>();
  if (name !== undefined) return upkeepOf(name, { dryRun, json }, io);
  if (!dryRun && !json) return startAll(io);
  const remedy = "name the agent, e.g. con upkeep concierge --dry-run";
  throw new ConError(exit.usage, "con upkeep", "--dry-run and --json are about one agent", remedy);
}

async function startAll(io: Io): Promise<number> {
  if (io.uid !== 0) {
    const why = "only root starts it for all agents";
    throw new ConError(exit.permission, "upkeep", why, "run it as root, or name the agent");
  }
  let isFine = true;
  for (const { name, parent } of readSystem().agents) {
    // A temporary agent goes with all that it has.
    if (parent !== undefined) continue;
    const unit = `con-upkeep@${name}.service`;
    const { code, stderr } = await exec(["systemctl", "start", "--", unit], {
      timeoutMs: patienceMs,
    });
    if (code === 0) continue;
    isFine = false;
    createLog().warn("upkeep failed", { agent: name, why: stderr.trim().split("\n")[0] ?? "" });
  }
  return isFine ? exit.ok : exit.unavailable;
}

async function upkeepOf(
  name: string,
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
  io: Io,
): Promise<number> {
  const system = readSystem();
  const { uid } = knownAgent(system, name);
  if (io.uid === 0 && dryRun) return foresee({ name, uid, json }, io);
  if (io.uid !== uid) {
    const why = `only user ${uid} may open its files`;
    const remedy = `systemctl start con-upkeep@${name}, or as root: con upkeep ${name} --dry-run`;
    throw new ConError(exit.permission, `upkeep ${name}`, why, remedy);
  }
  const log = createLog();
  const done = await keepUp(
    { disk: nodeDisk, now: io.now, log, system, agent: readAgent(name) },
    { dryRun },
  );
  if (json) io.out(safeJson(reportJson(name, done, dryRun)));
  else if (dryRun) io.out(reportText(done, io.now()));
  return done.troubles.length === 0 ? exit.ok : exit.unavailable;
}
