/** Judges what a summarizing model answered: its form by compiled code, and what a form cannot say. Pure. */
import type { Accepted } from "../../model/structured.ts";
import type { ExtractedMemory } from "./lines.ts";
import type { Summary } from "./schemas.ts";

interface Validator {
  (value: unknown): boolean;
  errors?: null | readonly { readonly instancePath: string; readonly message?: string }[];
}
export type Forms = Readonly<Record<string, Validator>>;

/** Loaded only when something is summarized. */
export const loadForms = async (): Promise<Forms> =>
  (await import("../../generated/structured-validators.js")).validators;

const most = { memories: 40, title: 200, category: 60, text: 4000 } as const;

export function judgeForm(forms: Forms, name: string, value: unknown): string | null {
  const validator = forms[name];
  if (validator === undefined) return `there is no form ${name}`;
  if (validator(value)) return null;
  return (validator.errors ?? [])
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath || "the answer"} ${message ?? "is wrong"}`)
    .join("; ");
}

export function judgeMemories(forms: Forms, value: unknown): Accepted<ExtractedMemory[]> {
  const why = judgeForm(forms, "memory_extraction", value);
  if (why !== null) return { ok: false, why };
  const { memories } = value as { readonly memories: ExtractedMemory[] };
  const odd = oddityOf(memories);
  return odd === null ? { ok: true, value: memories } : { ok: false, why: odd };
}

function oddityOf(memories: readonly ExtractedMemory[]): string | null {
  if (memories.length > most.memories) return `more than ${most.memories} memories`;
  for (const key of ["title", "category", "text"] as const) {
    if (memories.some((one) => one[key].trim() === "")) return `a memory has an empty ${key}`;
    if (memories.some((one) => one[key].length > most[key]))
      return `the ${key} of a memory is longer than ${most[key]} characters`;
  }
  return null;
}

export function judgeSummary(
  forms: Forms,
  value: unknown,
  size: { readonly most: number; readonly sizeOf: (summary: Summary) => number },
): Accepted<Summary> {
  const why = judgeForm(forms, "history_compression", value);
  if (why !== null) return { ok: false, why };
  const summary = value as Summary;
  if (summary.state.trim() === "") return { ok: false, why: "state is empty" };
  const tokens = size.sizeOf(summary);
  if (tokens > size.most)
    return { ok: false, why: `it has ${tokens} tokens, and at most ${size.most} are of use` };
  return { ok: true, value: summary };
}
