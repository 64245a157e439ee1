/**
 * `queue_age {max_min}`: does a task wait too long to be claimed, or to be tried again?
 *
 * A task's age is the time since its last change of status (ctime), which a sender cannot set back and
 * `cp -p` does not carry over. What somebody still writes (`.open-*`) is nobody's to claim. An inbox with more
 * entries than are looked at is a trouble of its own: what hides in it cannot be told.
 */

import type { HealthAgent } from "../../../config/types.ts";
import { retryTimeOf } from "../../../spool/defer.ts";
import { agentPaths, outerInbox } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { type Look, lookInto, milliseconds } from "./look.ts";
import { freeAgents, type Places } from "./places.ts";
import { duration, judge, numberIn, type Trouble } from "./verdicts.ts";

const mostEntries = 20_000;

interface Waiting {
  readonly late: number;
  readonly longestMs: number;
  readonly more: boolean;
}

export const queueAge =
  (places: Places): BuiltinCheck =>
  async (args, { health, now }) => {
    const maxMs = numberIn(args, "max_min") * 60_000;
    const at = now();
    const agents = freeAgents(places, health);
    const troubles = agents.flatMap((agent) => {
      const paths = agentPaths(health.root, agent.name);
      const outer = agent.name === health.frontDesk ? [outerInbox(health.root)] : [];
      return [
        ...[paths.inbox, ...outer].flatMap((inbox) => {
          const where = inbox === paths.inbox ? "inbox" : "outer inbox";
          return troubleOf(agent, where, inbox, (look) => inInbox(look, at, maxMs), maxMs);
        }),
        ...troubleOf(
          agent,
          "queue/deferred",
          paths.queue.deferred,
          (look) => overdue(look, at, maxMs),
          maxMs,
        ),
      ];
    });
    return judge(
      troubles,
      `no task waits longer than ${duration(maxMs)} at ${agents.length} agents`,
    );
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
    const words = where === "queue/deferred" ? "is overdue for" : "has waited";
    const found = `the oldest of ${late} late tasks in ${where} ${words} ${duration(longestMs)}`;
    return [trouble(`${found}, allowed are ${duration(maxMs)}`, "late")];
  }
  return more ? [trouble(`${where} has more than ${mostEntries} entries`, "flood")] : [];
}

function inInbox(look: Look, now: number, maxMs: number): Waiting {
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
