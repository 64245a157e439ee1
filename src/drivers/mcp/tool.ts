/** What a tool of `con mcp` is. Types only. */
import type { Io } from "../../commands/shared/io.ts";

export interface Call {
  readonly io: Io;
  /** The client has cancelled, or is gone. */
  readonly signal: AbortSignal;
  /** Tells a client that asked for it how it goes. */
  readonly progress: (seconds: number, message: string) => void;
}

type Schema = {
  readonly type: "object";
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
};

export interface DriverTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: Schema;
  readonly outputSchema: Schema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /** Throws ConError for what the caller may not or cannot. */
  readonly run: (args: Readonly<Record<string, unknown>>, call: Call) => Promise<object>;
}

export const reads = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** `additionalProperties: false`. */
export const given = (
  properties: Schema["properties"],
  required: readonly string[] = [],
): Schema => ({ type: "object", properties, required, additionalProperties: false });

/** Keys may be added in later versions. */
export const gives = (properties: Schema["properties"], required: readonly string[]): Schema => ({
  type: "object",
  properties,
  required,
});

export const stringOf = (args: Readonly<Record<string, unknown>>, key: string): string | null => {
  const value = args[key];
  return typeof value === "string" ? value : null;
};

/** Schema of a text. */
export const textOf = (description: string, most = 200) => ({
  type: "string",
  minLength: 1,
  maxLength: most,
  description,
});
