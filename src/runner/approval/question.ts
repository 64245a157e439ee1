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
  readonly now: () => number;
  /** Where the steward is asked; its own places if not given. */
  readonly places?: AskPlaces;
  /** For the audit trail. */
  readonly heard?: (event: ApprovalEvent) => void;
}

export interface ApprovalEvent {
  readonly kind: "approval";
  readonly task: string;
  readonly state: "asked" | "approved" | "denied" | "expired";
  /** Of the question. */
  readonly id: string;
  readonly what: string;
}

/** What is asked, and what came back for it. */
export interface Asking extends Pick<ApprovalEvent, "id" | "task" | "what"> {
  readonly woken: Woken | null;
  /** A person may have answered without the steward. */
  readonly byPeople?: true;
}

export type Decision =
  /** With who agreed, and what they said. */
  | { readonly kind: "yes"; readonly words: string }
  | { readonly kind: "no"; readonly why: string }
  /** Not decided, and not over. */
  | { readonly kind: "open" };

/** What people or the steward said so far. */
export function decisionOn(world: AskingWorld, asking: Asking): Decision {
  const { id, woken, byPeople } = asking;
  const answer = woken?.answers.find(
    ({ to, from, person }) => to === id && (from === "root" || (byPeople && person)),
  );
  if (answer !== undefined) {
    const decision = decisionIn(answer);
    tell(world, asking, decision.kind === "yes" ? "approved" : "denied");
    return decision;
  }
  const over = woken?.over ?? null;
  if (over === null) return { kind: "open" };
  tell(world, asking, "expired");
  return { kind: "no", why: `nobody approved it: ${over}` };
}

export const tell = (
  { heard }: AskingWorld,
  { task, id, what }: Asking,
  state: ApprovalEvent["state"],
): void => heard?.({ kind: "approval", task, state, id, what });

/** The first line says how it ended, the rest why. The steward names who decided in it, a person's own word does not. */
function decisionIn({ text, from, person }: HoldAnswer): Decision {
  const [first = "", ...rest] = text.split("\n");
  const isYes = first.trim() === "done";
  const said = rest.join(" ").trim();
  const words = isYes ? said : said || first.trim() || "no reason was given";
  const how = isYes ? "approved" : "denied";
  const named = person
    ? [`${how} by ${from}`, words].filter((one) => one !== "").join(": ")
    : words;
  return isYes ? { kind: "yes", words: named } : { kind: "no", why: named };
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
