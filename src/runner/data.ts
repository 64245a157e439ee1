/**
 * What tools need for data: the program that works on databases, and who makes vectors of texts. On the way of a cold
 * wake nothing is loaded for it.
 */
import type { AgentRuntime } from "../config/runtime.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { ToolContext } from "../tools/tool.ts";

interface DataWorld {
  readonly disk: Disk;
  readonly paths: AgentPaths;
  readonly agent: AgentRuntime;
  readonly system: { readonly gateway: string };
  readonly log: Log;
  readonly now: () => number;
}

/** Of the program's own memory; what SQLite takes is beside it. */
const heap = "--max-old-space-size=768";

export const dataDesk = (world: DataWorld): Pick<ToolContext, "dataProgram" | "embedding"> => ({
  // The same program that runs: the sandbox shows it, read-only.
  dataProgram: [process.execPath, heap, process.argv[1] ?? "", "data"],
  embedding: async () => {
    const { embedderFor } = await import("./memory/embedder.ts");
    const made = await embedderFor({ ...world, gateway: world.system.gateway });
    return made ?? (await import("../memory/lexical.ts")).lexicalEmbedder;
  },
});
