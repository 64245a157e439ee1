/**
 * `con upkeep [NAME]`: the daily work on what agents remember. Without a name, as root: starts it for each agent that
 * has a memory, one after the other. With one, as that agent: does it, bounded in time; the next day goes on.
 *
 * Never: opens an agent's file as root. What is done is done after a crash; the rest is done next time.
 */
import { randomBytes } from "node:crypto";
import { readAgent, readSystem } from "../config/compiled.ts";
import { createModelClient } from "../model/client.ts";
import { memoryPath } from "../runner/memory/world.ts";
import { agentPaths } from "../spool/layout.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { exec } from "../system/exec.ts";
import { createLog } from "../system/log.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Run by con-upkeep.service once a day, and by con-upkeep@NAME.service. Forgets what expired or faded, joins what is
twice there, removes what was forgotten 30 days ago, makes vectors that are missing.

Example:
  systemctl start con-upkeep.service`;

const patienceMs = 180_000;
const workMs = 60_000;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("upkeep", "Tidy what agents remember.", example).argument("[name]");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name] = command.args;
  return name === undefined ? startAll(io) : upkeepOf(name, io);
}

async function startAll(io: Io): Promise<number> {
  if (io.uid !== 0) {
    const why = "only root starts it for all agents";
    throw new ConError(exit.permission, "upkeep", why, "run it as root, or name the agent");
  }
  const { agents, root } = readSystem();
  let isFine = true;
  for (const { name } of agents) {
    // lstat only: what lies there is the agent's.
    if (nodeDisk.find(memoryPath(agentPaths(root, name))) === null) continue;
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

async function upkeepOf(name: string, io: Io): Promise<number> {
  const system = readSystem();
  const { uid } = knownAgent(system, name);
  if (io.uid !== uid) {
    const why = `only user ${uid} may open its memory`;
    throw new ConError(
      exit.permission,
      `upkeep ${name}`,
      why,
      `systemctl start con-upkeep@${name}`,
    );
  }
  const { openWork } = await import("../runner/memory/work.ts");
  const work = await openWork({
    ...{ disk: nodeDisk, now: io.now, log: createLog(), agent: readAgent(name) },
    paths: agentPaths(system.root, name),
    gateway: system.gateway,
    model: createModelClient(system.gateway),
    nonce: () => randomBytes(16).toString("hex"),
  });
  try {
    work.keepTurns();
    const report = await work.upkeep(workMs);
    createLog().info("upkeep of the memory", { agent: name, ...report });
    return exit.ok;
  } finally {
    work.close();
  }
}
