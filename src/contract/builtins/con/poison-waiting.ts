/**
 * `poison_waiting {max_age_h}`: tasks that were given up after all attempts, and tasks that could not be read,
 * in the last hours. Somebody should decide about them.
 *
 * It becomes green when each is run again (`con retry`), removed, or older than that: the alarm is about
 * news, the entry itself stays. Tasks that failed in good order (the model said so) are answers and no poison.
 * Never: shows what is in a task; the agent's own record tells only that its runner gave up.
 */
import { agentPaths } from "../../../spool/layout.ts";
import { maxStrikes } from "../../../task/retry.ts";
import type { BuiltinCheck } from "../../types.ts";
import { eachInTurn } from "./in-turn.ts";
import { type Entry, type Look, lookInto, milliseconds } from "./look.ts";
import type { Places } from "./places.ts";
import { judge, named, numberIn, type Trouble } from "./verdicts.ts";

const mostEntries = 20_000;
const mostRecords = 200;
const recordBytes = 64 << 10;
/** As spool/recover.ts and runner/work.ts say it in the record. */
const gaveUp = new RegExp(
  `^(${maxStrikes} attempts ended without a result|gave up after \\d+ attempts: )`,
);

export const poisonWaiting =
  (_: Places): BuiltinCheck =>
  async (args, { health, now, signal }) => {
    const since = now() - numberIn(args, "max_age_h", 24) * 3_600_000;
    const troubles = await eachInTurn(health.agents, signal, ({ name }) => {
      const paths = agentPaths(health.root, name);
      const failed = youngIn(paths.queue.failed, since);
      const poison = failed.length === 0 ? [] : whichGaveUp(paths.outbox, failed);
      return [
        ...poison.map((id) => givenUp(name, id)),
        ...youngIn(paths.queue.corrupt, since).map((id) =>
          unreadable(name, id, `${paths.queue.corrupt}/`),
        ),
      ];
    });
    return judge(troubles, "no task was given up or unreadable");
  };

const givenUp = (agent: string, id: string): Trouble => ({
  found: `${agent}: gave up task ${named(id)}`,
  key: `poison:${agent}`,
  agent,
  remedy: `con show ID; con logs ${agent}; con retry ID`,
});

const unreadable = (agent: string, id: string, where: string): Trouble => ({
  found: `${agent}: could not read task ${named(id)}, kept in ${where}`,
  key: `corrupt:${agent}`,
  agent,
  remedy: "con show ID; what is wrong with it says its answer",
});

/** Ids of entries that came there after `since`, newest first. */
function youngIn(directory: string, since: number): string[] {
  const looked = lookInto(directory, (look) =>
    look.entries(mostEntries).list.flatMap((entry) => {
      const at = cameAt(look, entry);
      return at > since ? [{ id: entry.text.slice(0, -".task".length), at }] : [];
    }),
  );
  if (looked.kind !== "seen") return [];
  return looked.value.sort((a, b) => b.at - a.at).map(({ id }) => id);
}

function cameAt(look: Look, entry: Entry): number {
  if (entry.text.startsWith(".") || !entry.text.endsWith(".task")) return 0;
  const stat = look.lstat(entry);
  return stat === null ? 0 : milliseconds(stat.ctimeNs);
}

function whichGaveUp(outbox: string, ids: readonly string[]): string[] {
  const looked = lookInto(outbox, (look) =>
    ids.slice(0, mostRecords).filter((id) => {
      const bytes = look.read({ text: id, bytes: Buffer.from(`${id}.json`) }, recordBytes);
      return bytes !== null && isPoison(bytes.toString("utf8"));
    }),
  );
  return looked.kind === "seen" ? looked.value : [];
}

function isPoison(text: string): boolean {
  try {
    const record = JSON.parse(text) as { status?: unknown; attempts?: unknown; error?: unknown };
    const { status, attempts, error } = record ?? {};
    return (
      status === "failed" &&
      typeof attempts === "number" &&
      attempts >= maxStrikes &&
      typeof error === "string" &&
      gaveUp.test(error)
    );
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
