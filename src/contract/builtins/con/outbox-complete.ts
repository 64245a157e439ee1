/**
 * `outbox_complete {grace_s}`: each answer has its record and each record its answer, and nothing waits to be
 * revealed (`.NAME.new`, see system/publish.ts).
 *
 * The runner finishes what a crash left when it starts the next time; a held agent's may not, and is passed
 * over. An outbox in which nothing changed since it was seen complete is not read again.
 */
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { eachInTurn } from "./in-turn.ts";
import { type Entry, type Look, lookInto, milliseconds } from "./look.ts";
import { freeAgents, type Places } from "./places.ts";
import { judge, named, numberIn, type Trouble } from "./verdicts.ts";

const mostEntries = 200_000;
/** Times of files are as fine as the kernel's tick: in a newer outbox a change may not show in them. */
const settledMs = 2_000;
/** Of one agent: so many late ones say enough, and nobody makes us look at more. */
const mostLate = 50;
const mostLooked = 2_000;

interface Incomplete {
  readonly name: string;
  readonly what: string;
  readonly isLate: boolean;
}

type Memory = Readonly<Record<string, string>>;

export const outboxComplete =
  (places: Places): BuiltinCheck =>
  async (args, { health, now, memory, remember, signal }) => {
    const graceMs = numberIn(args, "grace_s", 60) * 1000;
    const at = now();
    const last = (memory ?? {}) as Memory;
    const complete: Record<string, string> = {};
    const agents = freeAgents(places, health);
    const troubles = await eachInTurn(agents, signal, ({ name }): Trouble[] => {
      const { outbox } = agentPaths(health.root, name);
      const looked = lookInto(outbox, (look) => {
        const print = `${look.stat.ino} ${look.stat.mtimeNs} ${look.stat.ctimeNs}`;
        if (last[name] === print) return { print, found: [] };
        const isSettled = at - milliseconds(look.stat.ctimeNs) > settledMs;
        return { print: isSettled ? print : null, found: incomplete(look, at, graceMs) };
      });
      if (looked.kind === "missing") return [];
      if (looked.kind === "odd") return [trouble(name, `the outbox ${looked.why}`)];
      const { print, found } = looked.value;
      if (found === "too many")
        return [trouble(name, `the outbox has more than ${mostEntries} entries; archive some`)];
      if (found.length === 0 && print !== null) complete[name] = print;
      return found
        .filter(({ isLate }) => isLate)
        .map((one) => trouble(name, `${named(one.name)} in the outbox ${one.what}`));
    });
    remember(complete);
    return judge(troubles, "every answer has its record");
  };

const trouble = (agent: string, found: string): Trouble => ({
  found: `${agent}: ${found}`,
  key: `outbox:${agent}`,
  agent,
  remedy: `systemctl start con@${agent}.service finishes what a crash left; con logs ${agent}`,
});

function incomplete(look: Look, now: number, graceMs: number): Incomplete[] | "too many" {
  const { list, more } = look.entries(mostEntries);
  if (more) return "too many";
  const names = new Set(list.map(({ text }) => text));
  const found: Incomplete[] = [];
  let late = 0;
  for (const entry of list) {
    const what = wrongWith(entry.text, names);
    if (what === null) continue;
    if (found.length >= mostLooked)
      return [...found, { name: entry.text, what: `${what}, and so are many more`, isLate: true }];
    const ageMs = ageOf(look, entry, now);
    if (ageMs === null) continue;
    found.push({ name: entry.text, what, isLate: ageMs > graceMs });
    late += Number(ageMs > graceMs);
    if (late >= mostLate) break;
  }
  return found;
}

function ageOf(look: Look, entry: Entry, now: number): number | null {
  const stat = look.lstat(entry);
  return stat === null ? null : now - milliseconds(stat.ctimeNs);
}

function wrongWith(name: string, names: ReadonlySet<string>): string | null {
  if (/^\..+\.(response|json)\.new$/s.test(name)) return "waits to be revealed";
  if (name.startsWith(".")) return null;
  const [, id, kind] = /^(.+)\.(response|json)$/s.exec(name) ?? [];
  if (id === undefined) return null;
  if (kind === "response") return names.has(`${id}.json`) ? null : "has no record";
  return names.has(`${id}.response`) ? null : "is a record without an answer";
}
