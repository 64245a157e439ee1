/**
 * `memory_whole {max_age_h}`: memories of agents that were found damaged and set aside in the last hours. Looks at
 * names and times only; nothing of an agent's file is read.
 */
import { join } from "node:path";
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { eachInTurn } from "./in-turn.ts";
import { lookInto, milliseconds } from "./look.ts";
import type { Places } from "./places.ts";
import { judge, named, numberIn, type Trouble } from "./verdicts.ts";

const mostEntries = 20_000;
const aside = /^memory\.db\.damaged-[0-9]+(-[0-9]+)?$/;

export const memoryWhole =
  (_: Places): BuiltinCheck =>
  async (args, { health, now, signal }) => {
    const since = now() - numberIn(args, "max_age_h", 24) * 3_600_000;
    const troubles = await eachInTurn(health.agents, signal, ({ name }) => {
      const { state } = agentPaths(health.root, name);
      return asideIn(state, since).map((file) => damaged(name, state, file));
    });
    return judge(troubles, "no memory was found damaged");
  };

function asideIn(state: string, since: number): string[] {
  const looked = lookInto(state, (look) =>
    look.entries(mostEntries).list.flatMap((entry) => {
      if (!aside.test(entry.text)) return [];
      const stat = look.lstat(entry);
      return stat !== null && milliseconds(stat.ctimeNs) > since ? [entry.text] : [];
    }),
  );
  return looked.kind === "seen" ? looked.value : [];
}

const damaged = (agent: string, state: string, file: string): Trouble => ({
  found: `${agent}: its memory was damaged, and lies aside as ${named(file)}`,
  key: `memory:${agent}`,
  agent,
  remedy: `look at ${join(state, "memory.db.damaged-*")}, or restore it from a backup; then remove it`,
});
