/**
 * What the steward does to the machine: units through systemctl, processes by signal, facts by `converge`.
 * Never: names a unit that is no agent's, waits without bound, or passes text of a request to a shell.
 */
import { setTimeout as pause } from "node:timers/promises";
import { endUnits, removeChildren } from "../host/children/remove.ts";
import { spawnChildren } from "../host/children/spawn.ts";
import { converge } from "../host/converge.ts";
import { listUnits, onUnits, type Units } from "../host/systemd.ts";
import { ConError, exit } from "../system/errors.ts";
import { type ExecResult, exec } from "../system/exec.ts";
import { applyConfiguration, installPackages, removeAgent } from "./machine.ts";
import { killStrays } from "./strays.ts";
import type { GoneChild, Host } from "./world.ts";

export const systemHost: Host = {
  stop,
  kill,
  killStrays,
  converge,
  bootstrap: applyConfiguration,
  remove: removeAgent,
  spawnChildren,
  removeChildren: async (gone) => {
    await endAll(gone);
    const failures = await removeChildren(gone);
    // A sweep may have started one meanwhile; without its configuration PID 1 starts it no more.
    await endAll(gone);
    return failures;
  },
  install: installPackages,
  sweep: async () => {
    await mustDo(["systemctl", "start", "--no-block", "con-sweep.service"]);
  },
};

async function endAll(gone: readonly GoneChild[]): Promise<void> {
  await endUnits(gone.map(({ name }) => name));
  for (const { uid } of gone) killStrays(uid);
}

const runnerOf = (agent: string): string => `con@${agent}.service`;
const ofAgent = /^con(?:-bell|-schedule)?@(.+)\.(service|path|timer|socket)$/;
const ended = new Set(["inactive", "failed"]);

/**
 * Triggers first: one that is still armed would start its agent again and again, as PID 1 refuses each
 * start of a held agent. What does not stop is seen by `converge`, which comes next.
 */
async function stop(concerned: (agent: string) => boolean): Promise<void> {
  const live = (units: Units): { readonly unit: string; readonly isService: boolean }[] =>
    [...units].flatMap(([unit, { active }]) => {
      const match = ofAgent.exec(unit);
      const wanted = match?.[1] !== undefined && concerned(match[1]) && !ended.has(active);
      return wanted ? [{ unit, isService: match[2] === "service" }] : [];
    });
  for (const services of [false, true]) {
    const now = live(await listUnits()).filter(({ isService }) => isService === services);
    await onUnits(
      "stop",
      now.map(({ unit }) => unit),
    );
  }
}

const goneWithinMs = 10_000;
const lookEveryMs = 50;

async function kill(agent: string): Promise<"killed" | "nothing ran" | "still there"> {
  const unit = runnerOf(agent);
  const before = await mainPid(unit);
  if (before === 0) return "nothing ran";
  // It may have ended by itself meanwhile: then there is nobody to signal, and that is fine.
  await exec(["systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", "--", unit]);
  for (let waited = 0; waited < goneWithinMs; waited += lookEveryMs) {
    if ((await mainPid(unit)) !== before) return "killed";
    await pause(lookEveryMs);
  }
  return "still there";
}

/** 0 = no process. */
async function mainPid(unit: string): Promise<number> {
  const { stdout } = await mustDo(["systemctl", "show", "-p", "MainPID", "--value", "--", unit]);
  return Number(stdout.trim());
}

async function mustDo(argv: readonly [string, ...string[]]): Promise<ExecResult> {
  const result = await exec(argv);
  if (result.code === 0) return result;
  const why = result.stderr.trim().split("\n")[0] || `it ended with ${result.code}`;
  throw new ConError(exit.unavailable, argv.slice(0, 2).join(" "), why, "see systemctl status");
}
