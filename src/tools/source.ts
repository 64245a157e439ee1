/** Where tools come from that are not part of con. Types only. */
import type { Tool } from "./tool.ts";

/** Tools that are made or reached while agents run: forged ones, those of MCP servers. */
export interface ToolSource {
  /** Stands before the names of its tools: `forged` gives `forged.NAME`, `mcp.files` gives `mcp.files.NAME`. */
  readonly category: string;
  /** One line for the index. */
  readonly summary: string;
  /**
   * The tools as they are now, with whole names; asked again at each use, so it is quick when nothing
   * changed. Never throws: what cannot be reached is absent, and `trouble` says why.
   */
  readonly list: () => Promise<{ readonly tools: readonly Tool[]; readonly trouble?: string }>;
}
