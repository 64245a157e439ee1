/**
 * Asks the layers in their order until one has the answer.
 *
 * Never: throws. A layer that cannot look is skipped, and the task goes on as if it was switched off.
 */
import type { Message, ToolCall } from "../../model/types.ts";
import type { Section } from "../background.ts";
import type { CascadeLine, Layer } from "./lines.ts";

export interface CascadeAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** Who answered, e.g. `cache/exact`. */
  readonly model: string;
}

export type Look = Omit<CascadeLine, "kind" | "at">;

/** What one layer saw. */
export interface Tried extends Omit<Look, "layer"> {
  readonly answer?: CascadeAnswer;
  /** For the background of the task. */
  readonly section?: Section;
}

export interface LayerStep {
  readonly layer: Layer;
  readonly look: () => Promise<Tried> | Tried;
}

export interface Found {
  readonly looks: readonly Look[];
  readonly answer: CascadeAnswer | null;
  readonly sections: readonly Section[];
}

export interface Cascade {
  /** Before the first model call; `background` is what the agent knows already. Never throws. */
  readonly before: (background: readonly Section[]) => Promise<Found>;
  /** The rule engine's words for the results of its own calls; null = let the model find them. */
  readonly finish: (messages: readonly Message[]) => Promise<CascadeAnswer | null>;
  /** The alias to try again with when the answer of `model` is poor; null = there is none. */
  readonly better: (model: string) => string | null;
  /** Whether it may be used at this moment. */
  readonly usable: (alias: string) => boolean;
}

export async function lookThrough(
  steps: readonly LayerStep[],
  /** Hears why a layer could not look. */
  troubled: (error: unknown) => void,
): Promise<Found> {
  const looks: Look[] = [];
  const sections: Section[] = [];
  for (const { layer, look } of steps) {
    const { answer, section, ...seen } = await tried(look, troubled);
    looks.push({ layer, ...seen });
    if (section !== undefined) sections.push(section);
    if (answer !== undefined) return { looks, answer, sections };
  }
  return { looks, answer: null, sections };
}

async function tried(look: LayerStep["look"], troubled: (error: unknown) => void): Promise<Tried> {
  try {
    return await look();
  } catch (error) {
    troubled(error);
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: "skipped", why: `it cannot look: ${why}` };
  }
}
