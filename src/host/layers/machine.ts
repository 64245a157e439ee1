/** The acts on the real disk that laying down takes. The directory is root's alone, so nobody races. */
import fs from "node:fs";
import { ConError, exit } from "../../system/errors.ts";
import { exec } from "../../system/exec.ts";
import { digestAt } from "../../system/layers/digest.ts";
import { layers } from "../paths.ts";
import type { LayerWorld } from "./lay.ts";

export const layerMachine: Omit<LayerWorld, "disk" | "now"> = {
  directory: layers,
  removeTree: (path) => fs.rmSync(path, { recursive: true, force: true }),
  syncTree,
  digestAt,
};

const syncTimeoutMs = 120_000;

/** One call for the whole file system: a thousand files one by one take a minute. */
async function syncTree(path: string): Promise<void> {
  const synced = await exec(["sync", "--file-system", path], { timeoutMs: syncTimeoutMs });
  if (synced.code === 0) return;
  const why = synced.stderr.trim() || `sync ended with ${synced.code}`;
  throw new ConError(exit.tryLater, path, why, "it is tried again");
}
