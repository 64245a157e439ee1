/** What the parts of an agent's memory share. */
import { join } from "node:path";
import type { AgentRuntime } from "../../config/runtime.ts";
import type { MemoryStore } from "../../memory/memory.ts";
import type { StreamModel } from "../../model/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import type { SpoolWorld } from "../../spool/world.ts";

export interface MemoryWorld extends Pick<SpoolWorld, "disk" | "now" | "log"> {
  readonly agent: AgentRuntime;
  readonly paths: AgentPaths;
  readonly model: StreamModel;
  /** Socket of the gateway. */
  readonly gateway: string;
  /** Unguessable, hex. */
  readonly nonce: () => string;
}

export interface OpenWorld extends MemoryWorld {
  readonly store: MemoryStore;
  /** To be called after each change. */
  readonly changed: () => void;
}

export const memoryPath = ({ state }: Pick<AgentPaths, "state">): string =>
  join(state, "memory.db");
