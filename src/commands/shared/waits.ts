/**
 * What held tasks wait for, from their notes in the agent's private queue. Reads only; where the
 * caller may not look, what is asked of people is said, and nothing else.
 */
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import { notePath } from "../../spool/notes.ts";
import { awaitedIn, decodeNote, isOpen, maxNoteBytes, people } from "../../spool/wait-note.ts";
import type { Disk } from "../../system/disk.ts";
import { type HeldQuestion, questionOf, questionsOf } from "./questions.ts";
import { listVisible, readOwned } from "./read.ts";
import { safeLine } from "./text.ts";

/** In JSON of `con show` and `con status`: public interface, change only by adding. */
export interface Wait {
  /** The question or request. */
  readonly id: string;
  /** Who alone may answer it. */
  readonly from: string;
  /** RFC 3339. */
  readonly until: string;
  readonly why: string;
}

export interface TaskWait extends Wait {
  readonly task: string;
}

/** Null without a note that can be read. */
export function waitsOf(
  disk: Disk,
  system: SystemRuntime,
  agent: AgentEntry,
  id: string,
): Wait[] | null {
  const path = notePath(agentPaths(system.root, agent.name), id);
  const reading = readOwned(disk, path, agent.uid, maxNoteBytes);
  if (reading.kind === "denied") {
    const question = questionOf(disk, system, agent, id);
    return question === null ? null : [waitOf(question)];
  }
  const note = reading.kind === "text" ? decodeNote(Buffer.from(reading.text)) : null;
  if (note === null) return null;
  const awaited = new Set(awaitedIn(note).map((one) => one.id));
  return note.calls
    .filter((call) => isOpen(note, call))
    .flatMap(({ waitFor, until, why }) =>
      waitFor
        .filter((one) => awaited.has(one.id))
        .map((one) => ({
          id: one.id,
          from: one.from ?? "root",
          until: new Date(until).toISOString(),
          why,
        })),
    );
}

const waitOf = ({ id, until, why }: HeldQuestion): Wait => ({ id, from: people, until, why });

/** Notes that are read for one agent. */
const maxRead = 50;

export function heldWaits(disk: Disk, system: SystemRuntime, agent: AgentEntry): TaskWait[] {
  const names = listVisible(disk, agentPaths(system.root, agent.name).queue.held);
  if (names === null)
    return questionsOf(disk, system, [agent]).map((one) => ({ task: one.task, ...waitOf(one) }));
  return names
    .filter((name) => name.endsWith(".task"))
    .slice(0, maxRead)
    .map((name) => name.slice(0, -".task".length))
    .flatMap((task) =>
      (waitsOf(disk, system, agent, task) ?? []).map((wait) => ({ task, ...wait })),
    );
}

/** Where all agents are shown, the first tasks of each are enough. */
const shownTasks = 5;

/** For people; empty when nothing waits. */
export function waitLines(agent: string, waits: readonly TaskWait[]): string {
  const lines = waits
    .slice(0, shownTasks)
    .map(({ task, ...wait }) => safeLine(`${agent}: task ${task} is held: ${waitText(wait)}`));
  const more = waits.length - lines.length;
  const all = more > 0 ? [...lines, `${agent}: ${more} more are held`] : lines;
  return all.length === 0 ? "" : `\n${all.join("\n")}\n`;
}

export const waitText = ({ id, from, until, why }: Wait): string => {
  if (from === people) return `${why}, until ${until}`;
  const what = from === "root" ? why : `${from}'s answer`;
  return `waits for ${what} to ${id} until ${until}`;
};
