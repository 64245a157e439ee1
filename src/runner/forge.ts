/** Where the forged tools of an agent lie, for whoever makes them and whoever calls them. */
import type { ForgePackage } from "../config/types.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { takeLock } from "../system/lock.ts";
import type { ForgeDesk } from "../tools/forge/desk.ts";
import { createRegistry } from "../tools/forge/registry.ts";
import { forgedSource } from "../tools/forge/source.ts";
import type { Fits } from "../tools/forge/types.ts";
import { createUseCounts } from "../tools/forge/uses.ts";
import type { ToolSource } from "../tools/source.ts";

export interface ForgeWorld {
  readonly disk: Disk;
  readonly paths: Pick<AgentPaths, "tools">;
  readonly system: { readonly forge?: { readonly packages: readonly ForgePackage[] } };
}

const patienceSeconds = 10;

/** A compiler of schemas is loaded when one is needed. */
export const fitting = async (schema: unknown): Promise<Fits> =>
  (await import("../agent/toolbox/check.ts")).checkOf(schema);

export const forgeDesk = ({ disk, paths, system }: ForgeWorld): ForgeDesk => ({
  registry: createRegistry(disk, paths.tools),
  packages: system.forge?.packages ?? [],
  fitting,
  locked: (act) => locked({ disk, paths }, act),
});

export async function locked<T>(
  { disk, paths }: Pick<ForgeWorld, "disk" | "paths">,
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
  });
