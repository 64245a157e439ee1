/**
 * `outbox_complete {grace_s}`: each answer has its record and each record its answer, and nothing waits to be
 * revealed (`.NAME.new`, see system/publish.ts).
 *
 * The runner finishes what a crash left when it starts the next time; a held agent's may not, and is passed
 * over. An outbox in which nothing changed since it was seen complete is not read again.
 */
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { type Entry, type Look, lookInto, milliseconds } from "./look.ts";
import { freeAgents, type Places } from "./places.ts";
import { judge, numberIn, shown, type Trouble } from "./verdicts.ts";

const mostEntries = 200_000;

interface Incomplete {
  readonly name: string;
  readonly what: string;
  readonly ageMs: number;
}

type Memory = Readonly<Record<string, string>>;

export const outboxComplete =
  (places: Places): BuiltinCheck =>
  async (args, { health, now, memory, remember }) => {
    const graceMs = numberIn(args, "grace_s", 60) * 1000;
    const at = now();
    const last = (memory ?? {}) as Memory;
    const complete: Record<string, string> = {};
    const troubles = freeAgents(places, health).flatMap(({ name }): Trouble[] => {
      const { outbox } = agentPaths(health.root, name);
      const looked = lookInto(outbox, (look) => {
        const print = `${look.stat.ino} ${look.stat.mtimeNs} ${look.stat.ctimeNs}`;
        if (last[name] === print) return { print, found: [] };
        return { print, found: incomplete(look, at) };
      });
      if (looked.kind === "missing") return [];
      if (looked.kind === "odd") return [trouble(name, `the outbox ${looked.why}`)];
      const { print, found } = looked.value;
      if (found === "too many")
        return [trouble(name, `the outbox has more than ${mostEntries} entries; archive some`)];
      if (found.length === 0) complete[name] = print;
      return found
        .filter(({ ageMs }) => ageMs > graceMs)
        .map((one) => trouble(name, `${shown(one.name)} in the outbox ${one.what}`));
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

function incomplete(look: Look, now: number): Incomplete[] | "too many" {
  const { list, more } = look.entries(mostEntries);
  if (more) return "too many";
  const names = new Set(list.map(({ text }) => text));
  return list.flatMap((entry) => {
    const what = wrongWith(entry.text, names);
    const ageMs = what === null ? null : ageOf(look, entry, now);
    return what === null || ageMs === null ? [] : [{ name: entry.text, what, ageMs }];
  });
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
