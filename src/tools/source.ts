/** Where tools come from that are not part of con. Types only. */
import type { Tool } from "./tool.ts";

/**
 * Tools that are made or reached while agents run: forged ones, those of MCP servers. A model finds them in the index
 * of `tool_details` and calls them through `use_tool`; their arguments are checked by their own schema.
 */
export interface ToolSource {
  /** Stands before the names of its tools: `forged` gives `forged.NAME`, `mcp.files` gives `mcp.files.NAME`. */
  readonly category: string;
  /** A few words for the index: con's own, or those of whoever configured it. */
  readonly summary: string;
  /**
   * Who makes its tools is a stranger: their descriptions stand in no prompt, and whatever says something of them, or
   * comes from them, is marked as untrusted.
   */
  readonly untrusted?: boolean;
  /**
   * The tools as they are now, with whole names; asked at the beginning of an attempt and again at each use, so it is
   * quick when nothing changed. Never throws: what cannot be reached is absent, and `trouble` says why. A name that no
   * grant can have (config/tool-groups.ts) and a schema of more than 64 KiB are passed over.
   */
  readonly list: () => Promise<{ readonly tools: readonly Tool[]; readonly trouble?: string }>;
}
