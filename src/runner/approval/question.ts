/**
 * A question to people, dropped at the steward, and what its answer says. Never: takes anything but a plain yes
 * of root to this very question for one.
 */
import type { AskPlaces } from "../../steward/ask.ts";
import type { StewardRequest } from "../../steward/types.ts";
import type { Disk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { HoldAnswer, Woken } from "../../task/hold.ts";

export interface AskingWorld {
  readonly disk: Disk;
  /** Where the steward is asked; its own places if not given. */
  readonly places?: AskPlaces;
}

/** What people or the steward said to question `id`; null as long as they did not. */
export const answerTo = (woken: Woken | null, id: string): HoldAnswer | null =>
  woken?.answers.find(({ to, from }) => to === id && from === "root") ?? null;

/** Null for a yes, else why not: the first line says how it ended, the rest why. */
export function refusalIn({ text }: HoldAnswer): string | null {
  const [first = "", ...rest] = text.split("\n");
  if (first.trim() === "done") return null;
  return rest.join(" ").trim() || first.trim() || "no reason was given";
}

export type Asked =
  | { readonly kind: "asked" }
  | { readonly kind: "not-asked"; readonly why: string; readonly passes: boolean };

/** What is the same in all of them. */
export const blankQuestion = { version: 1, verb: "ask_approval", why: "", incident: null } as const;

/** The same `id` is one question. The steward's code is loaded only where somebody is asked. */
export async function askPeople(
  { disk, places }: AskingWorld,
  id: string,
  question: Extract<StewardRequest, { readonly verb: "ask_approval" }>,
): Promise<Asked> {
  const { submit } = await import("../../steward/ask.ts");
  try {
    const { id: given } = submit(disk, question, { id, ...(places && { places }) });
    if (given === id) return { kind: "asked" };
    // An answer to another one would not be found again.
    const why = `its request ${id} was taken by somebody else`;
    return { kind: "not-asked", why, passes: false };
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    const why = `nobody can be asked (${error.why})`;
    return { kind: "not-asked", why, passes: error.code === exit.tryLater };
  }
}

/** So much longer than people have: an answer of the last second still finds the task waiting. */
export const graceMs = 15_000;

export const whoseWord = (people: number): string =>
  people === 1 ? "a person's" : `${people} people's`;
