/** Where the forged tools of an agent lie, for whoever makes them and whoever calls them. */
import { join } from "node:path";
import type { AgentRuntime } from "../config/runtime.ts";
import type { ForgePackage } from "../config/types.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { listed } from "../system/disk.ts";
import { layersDirectory } from "../system/layers/names.ts";
import { readFailure, readLayer } from "../system/layers/record.ts";
import { takeLock } from "../system/lock.ts";
import type { ForgeDesk } from "../tools/forge/desk.ts";
import { createRegistry } from "../tools/forge/registry.ts";
import { forgedSource } from "../tools/forge/source.ts";
import type { Fits } from "../tools/forge/types.ts";
import { createUseCounts } from "../tools/forge/uses.ts";
import type { ToolSource } from "../tools/source.ts";

export interface ForgeWorld {
  readonly disk: Disk;
  readonly paths: Pick<AgentPaths, "tools" | "sharedTools">;
  readonly system: { readonly forge?: { readonly packages: readonly ForgePackage[] } };
  readonly agent: Pick<AgentRuntime, "approval">;
}

/** The tool whose rules hold for packages as well (steward/approvals/tools.ts). */
const installTool = "install_package";

/** One that a person laid down has no record, and the digest that con.yaml says. The sandbox looks at its files. */
function layerOf(disk: Disk, entry: ForgePackage): string | null {
  const { layer, integrity } = entry;
  const record = readLayer(disk, layersDirectory, entry);
  if (record !== null && (layer ?? record.digest) === record.digest)
    return integrity === null || integrity === record.integrity ? record.digest : null;
  return layer !== null && listed(disk, layersDirectory).includes(layer) ? layer : null;
}

const patienceSeconds = 10;

/** A compiler of schemas is loaded when one is needed. */
export const fitting = async (schema: unknown): Promise<Fits> =>
  (await import("../agent/toolbox/check.ts")).checkOf(schema);

export const forgeDesk = ({ disk, paths, system, agent }: ForgeWorld): ForgeDesk => ({
  registry: createRegistry(disk, paths.tools),
  packages: system.forge?.packages ?? [],
  layers: {
    find: (entry) => layerOf(disk, entry),
    hasFailed: (entry, request) =>
      readFailure(disk, layersDirectory, entry)?.requests.includes(request) === true,
    asksPeople: () => agent.approval.some(({ tool }) => tool === installTool),
  },
  fitting,
  locked: (act) => locked({ disk, paths }, act),
});

export async function locked<T>(
  { disk, paths }: { readonly disk: Disk; readonly paths: Pick<AgentPaths, "tools"> },
  act: () => T,
): Promise<T | null> {
  const lock = await takeLock(disk, `${paths.tools}/.lock`, patienceSeconds);
  if (lock === null) return null;
  try {
    return act();
  } finally {
    lock.release();
  }
}

export const forgedTools = ({ disk, paths }: Pick<ForgeWorld, "disk" | "paths">): ToolSource =>
  forgedSource({
    registry: createRegistry(disk, paths.tools),
    uses: createUseCounts(disk, paths.tools),
    fitting,
    category: "forged",
  });

/** Root keeps them; how often this agent used them lies with its own. */
export const sharedTools = ({ disk, paths }: Pick<ForgeWorld, "disk" | "paths">): ToolSource =>
  forgedSource({
    registry: createRegistry(disk, paths.sharedTools, "shared"),
    uses: createUseCounts(disk, join(paths.tools, "shared")),
    fitting,
    category: "shared",
  });
