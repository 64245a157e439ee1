/** What `con tool` asks the process that opens the files, and what that process tells. Pure. */
import type { Version } from "../../tools/forge/version-files.ts";

export type ToolRequest =
  | { readonly verb: "list" }
  | { readonly verb: "show" | "test"; readonly tool: string; readonly version: number | null }
  | { readonly verb: "rollback"; readonly tool: string; readonly version: number | null }
  | { readonly verb: "remove"; readonly tool: string }
  /** Tests of a tool that root keeps, run as the agent. */
  | ({ readonly verb: "try" } & Pick<Version, "manifest" | "code" | "tests">);

/** One line of JSON on standard input. */
export interface Asked {
  /** `tools` of the agent. */
  readonly tools: string;
  readonly request: ToolRequest;
}

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const wordOf = (fields: Fields, key: string): string => {
  const value = fields[key];
  return value === null || value === undefined || typeof value === "object" ? "-" : String(value);
};
