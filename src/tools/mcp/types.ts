/** How an MCP server is reached, what it says it can do, and how its calls end. Types only. */
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
  /** Ours, for what the server has beside tools (resources.ts). */
  readonly method?: "resources/list" | "resources/read";
}

export interface Why {
  /** Words of con: for indexes, errors, logs. */
  readonly why: string;
  /** What the server said to it, bounded; only for a frame or the journal. */
  readonly said: string;
}

export type Called =
  | { readonly kind: "result"; readonly value: Readonly<Record<string, unknown>> }
  /** The server answered that it cannot be done. */
  | ({ readonly kind: "refused" } & Why)
  /** Nothing was begun. */
  | ({ readonly kind: "away"; readonly wasOpen?: true } & Why)
  /** It may have been done, or half. */
  | ({ readonly kind: "cut" } & Why);

export interface McpLog {
  readonly info: (message: string, fields: Readonly<Record<string, string>>) => void;
}
