/** What `con memory` asks the process that opens the file, and what that process answers. Pure. */
export type MemoryRequest =
  | { readonly verb: "search"; readonly query: string; readonly limit: number }
  | { readonly verb: "categories" | "threads" }
  | { readonly verb: "show" | "forget" | "restore"; readonly id: string };

/** One line of JSON on standard input. */
export interface Asked {
  /** `state` of the agent. */
  readonly state: string;
  /** Who asks. */
  readonly by: string;
  readonly request: MemoryRequest;
}

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown, key: string): readonly Fields[] => {
  const list = fieldsOf(value)[key];
  return Array.isArray(list) ? list.map(fieldsOf) : [];
};

export const wordOf = (fields: Fields, key: string): string => {
  const value = fields[key];
  return value === null || value === undefined || typeof value === "object" ? "-" : String(value);
};
