/**
 * `queue_age {max_min}`: does a task wait too long to be claimed, to be tried again, or for a runner to go on
 * with it after the one that claimed it has gone?
 *
 * A task's age is the time since its last change of status (ctime), which a sender cannot set back and
 * `cp -p` does not carry over. What somebody still writes (`.open-*`) is nobody's to claim. An inbox with more
 * entries than are looked at is a trouble of its own: what hides in it cannot be told.
 */

import type { HealthAgent } from "../../../config/runtime.ts";
import { retryTimeOf } from "../../../spool/defer.ts";
import { agentPaths, outerInbox } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { eachInTurn } from "./in-turn.ts";
import { type Look, lookInto, milliseconds } from "./look.ts";
import { freeAgents, type Places } from "./places.ts";
import { runnerStates } from "./runners.ts";
import { duration, judge, numberIn, type Trouble } from "./verdicts.ts";

const mostEntries = 20_000;

interface Waiting {
  readonly late: number;
  readonly longestMs: number;
  readonly more: boolean;
}

export const queueAge =
  (places: Places): BuiltinCheck =>
  async (args, { health, now, signal }) => {
    const maxMs = numberIn(args, "max_min") * 60_000;
    const at = now();
    const agents = freeAgents(places, health);
    const waiting = await eachInTurn(agents, signal, (agent) => {
      const paths = agentPaths(health.root, agent.name);
      const outer = agent.name === health.frontDesk ? [outerInbox(health.root)] : [];
      const inboxes = [paths.inbox, ...outer].flatMap((inbox) => {
        const where = inbox === paths.inbox ? "inbox" : "outer inbox";
        return troubleOf(agent, where, inbox, (look) => sinceChange(look, at, maxMs), maxMs);
      });
      const { deferred } = paths.queue;
      const late = (look: Look) => overdue(look, at, maxMs);
      return [...inboxes, ...troubleOf(agent, "queue/deferred", deferred, late, maxMs)];
    });
    const left = await eachInTurn(agents, signal, (agent) => {
      const { active } = agentPaths(health.root, agent.name).queue;
      const measure = (look: Look) => sinceChange(look, at, maxMs);
      return troubleOf(agent, "queue/active", active, measure, maxMs);
    });
    const abandoned = await ofIdle(places, left);
    const troubles = [...waiting, ...abandoned];
    return judge(
      troubles,
      `no task waits longer than ${duration(maxMs)} at ${agents.length} agents`,
    );
  };

/** A claimed task is its runner's matter (runner_stuck) unless there is none. */
async function ofIdle(places: Places, troubles: readonly Trouble[]): Promise<Trouble[]> {
  const names = [...new Set(troubles.flatMap(({ agent }) => agent ?? []))];
  const states = await runnerStates(places, names);
  // Where systemd does not answer it cannot be said that somebody works at them.
  if (typeof states === "string") return [...troubles];
  const isGone = (agent: string): boolean => (states.get(agent)?.is ?? "gone") === "gone";
  return troubles.filter(({ agent = "", key }) => isGone(agent) || !key.startsWith("late:"));
}

const wordsFor: Readonly<Record<string, string>> = {
  "queue/deferred": "is overdue for",
  "queue/active": "is claimed and no runner is there to go on with it: nothing has moved for",
};

function troubleOf(
  { name }: HealthAgent,
  where: string,
  path: string,
  measure: (look: Look) => Waiting,
  maxMs: number,
): Trouble[] {
  const looked = lookInto(path, measure);
  if (looked.kind === "missing") return [];
  const trouble = (found: string, what: string): Trouble => ({
    found: `${name}: ${found}`,
    key: `${what}:${name}:${where}`,
    agent: name,
    remedy: `systemctl status con@${name}.path con@${name}.service; con logs ${name}`,
  });
  if (looked.kind === "odd") return [trouble(`${where} ${looked.why}`, "odd")];
  const { late, longestMs, more } = looked.value;
  if (late > 0) {
    const words = wordsFor[where] ?? "has waited";
    const found = `the oldest of ${late} late tasks in ${where} ${words} ${duration(longestMs)}`;
    return [trouble(`${found}, allowed are ${duration(maxMs)}`, "late")];
  }
  return more ? [trouble(`${where} has more than ${mostEntries} entries`, "flood")] : [];
}

function sinceChange(look: Look, now: number, maxMs: number): Waiting {
  return oldest(look, maxMs, (stat) => now - milliseconds(stat.ctimeNs));
}

/** A deferred task carries the time of its retry as mtime. */
function overdue(look: Look, now: number, maxMs: number): Waiting {
  return oldest(look, maxMs, (stat) => now - retryTimeOf(stat));
}

function oldest(look: Look, maxMs: number, age: (stat: Look["stat"]) => number): Waiting {
  const { list, more } = look.entries(mostEntries);
  let late = 0;
  let longestMs = 0;
  for (const entry of list) {
    if (entry.text.startsWith(".") || !entry.text.endsWith(".task")) continue;
    const stat = look.lstat(entry);
    if (stat === null) continue;
    const ms = age(stat);
    if (ms > maxMs) late += 1;
    longestMs = Math.max(longestMs, ms);
  }
  return { late, longestMs, more };
}
