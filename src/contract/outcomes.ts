/**
 * What contracts say of an agent's work: a check that named the agent, held, and failed at the next look. The agent's
 * own runner compares the time between the two looks with its tasks (runner/cascade/outcomes.ts).
 *
 * The file (system/turns.ts) is root's and readable by that agent: the contract's id, the words of its author, two times. Never: what was found, which may be anything; a check that was not made; an agent that the
 * contract does not name. After a crash: told again at the next turn, or not at all; nothing depends on it.
 */
import { type Disk, errnoOf } from "../system/disk.ts";
import { replaceDurably } from "../system/durable.ts";
import { redact } from "../system/redact.ts";
import { outcomesPath, readTurns, type Turn } from "../system/turns.ts";
import { checkKey } from "./incident/failure.ts";
import type { Result } from "./types.ts";

export interface TurnOf extends Turn {
  readonly agents: readonly string[];
}

/** Latest of an agent that are kept. */
const maxKept = 20;
const maxMessage = 300;

/** `after` holds the latest result of every check, so one that was not looked at again is the same. */
export function turnsIn(before: readonly Result[], after: readonly Result[]): TurnOf[] {
  const earlier = new Map(before.map((one) => [checkKey(one), one]));
  return after.flatMap((result) => {
    const { contract, check, verdict, onFail, agent, at } = result;
    const last = earlier.get(checkKey(result));
    if (verdict.state !== "fail" || last?.verdict.state !== "pass") return [];
    const agents = verdict.agents.length > 0 ? verdict.agents : agent === null ? [] : [agent];
    const message = redact(onFail.message).slice(0, maxMessage).toWellFormed();
    return [{ contract, check, message, passed: last.at, failed: at, agents }];
  });
}

/** Returns what could not be written, in words. */
export function writeOutcomes(
  disk: Disk,
  turns: readonly TurnOf[],
  agents: readonly { readonly name: string }[],
  directory?: string,
): string[] {
  return agents.flatMap(({ name }) => {
    const own = turns.filter((turn) => turn.agents.includes(name));
    if (own.length === 0) return [];
    const path = outcomesPath(name, directory);
    try {
      const told = own.map(({ agents: _agents, ...turn }) => turn);
      const turnsNow = [...readTurns(disk, path), ...told].slice(-maxKept);
      const bytes = Buffer.from(`${JSON.stringify({ version: 1, turns: turnsNow })}\n`);
      replaceDurably(disk, path, bytes, 0o640);
      return [];
    } catch (error) {
      const code = errnoOf(error);
      if (code === null) throw error;
      return [`${name} could not be told what contracts say of its work: ${code}`];
    }
  });
}
