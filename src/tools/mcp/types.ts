/** How an MCP server is reached, and what it says it can do. Types only. */
import type { ExecuteOptions } from "../../sandbox/start.ts";

/** Looked up for each use: grants end. */
export type Reach =
  | {
      readonly kind: "program";
      readonly argv: readonly [string, ...string[]];
      readonly options: ExecuteOptions;
      /** Of this program alone; may hold keys. */
      readonly environment: Readonly<Record<string, string>>;
      readonly seconds: number;
    }
  | {
      readonly kind: "address";
      readonly url: string;
      /** May hold keys. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "none"; readonly why: string };

/** Read out of what a server said; none of it is believed. */
export interface ServerTool {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** It says that a call made twice does one thing. */
  readonly repeatable: boolean;
  /** SHA-256 of all it says of itself. */
  readonly digest: string;
}

export interface McpLog {
  readonly info: (message: string, fields: Readonly<Record<string, string>>) => void;
}
