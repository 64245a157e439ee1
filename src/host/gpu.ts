/** Which device nodes of graphics processors this machine has, and whose groups they are. Reads; changes nothing. */
import fs from "node:fs";
import { gpuNodes } from "../config/gpu.ts";
import { errnoOf } from "../system/disk.ts";

export interface Gpu {
  /** Nodes, and folders of nodes, that are there. */
  readonly paths: readonly string[];
  /** Who may open them beside root. */
  readonly gids: readonly number[];
}

export const noGpu: Gpu = { paths: [], gids: [] };

/** Never follows a link: a node is a node. */
export function readGpu(nodes: readonly string[] = gpuNodes): Gpu {
  const paths = nodes.filter((path) => {
    const found = look(path);
    return found !== null && (found.isCharacterDevice() || found.isDirectory());
  });
  const gids = paths.flatMap(gidsBelow).filter((gid) => gid !== 0);
  return { paths, gids: [...new Set(gids)].sort((a, b) => a - b) };
}

function gidsBelow(path: string): number[] {
  const found = look(path);
  if (found === null) return [];
  if (found.isCharacterDevice()) return [found.gid];
  if (!found.isDirectory()) return [];
  return fs.readdirSync(path).flatMap((name) => {
    const one = look(`${path}/${name}`);
    return one?.isCharacterDevice() === true ? [one.gid] : [];
  });
}

function look(path: string): fs.Stats | null {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}
