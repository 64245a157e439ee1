import type { Message, ToolSpec } from "../types.ts";
export interface ReflexAnswer {
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
}
export function reflex(_: { messages: readonly Message[]; tools: readonly ToolSpec[] }): ReflexAnswer {
  return { text: "placeholder", toolCalls: [] };
}
