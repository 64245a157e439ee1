/** Small words that all tools share: results, and how a refusal becomes one. */
import { Denied } from "./files/reach.ts";
import type { ToolResult } from "./tool.ts";

export const done = (text: string): ToolResult => ({ ok: true, text });
export const refused = (text: string): ToolResult => ({ ok: false, text });

/** Runs `act`; what the policy or the path forbids is told to the model. */
export function answering(act: () => ToolResult): ToolResult {
  try {
    return act();
  } catch (error) {
    if (error instanceof Denied) return refused(error.message);
    throw error;
  }
}

/** Arguments were validated against the schema before; this only gives them their type. */
export const text = (args: Readonly<Record<string, unknown>>, key: string): string =>
  String(args[key]);

export const textOr = (
  args: Readonly<Record<string, unknown>>,
  key: string,
  otherwise: string,
): string => (typeof args[key] === "string" ? args[key] : otherwise);

export const numberOr = (
  args: Readonly<Record<string, unknown>>,
  key: string,
  otherwise: number,
): number => (typeof args[key] === "number" ? args[key] : otherwise);
