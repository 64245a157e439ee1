/** The active contracts, of the installed system or of con dev. */
import { join, resolve } from "node:path";
import { loadContracts } from "../../contract/load.ts";
import { reportPaths } from "../../contract/report/write.ts";
import type { BadContract, ContractSet } from "../../contract/types.ts";
import { root } from "../../host/paths.ts";
import type { Io } from "../shared/io.ts";
import { safeLine } from "../shared/text.ts";

export interface ContractPlaces {
  readonly directory: string;
  /** What the latest evaluation left. */
  readonly latest: string;
  /** Who must own the contracts. */
  readonly rootUid: number;
}

export function contractPlaces(io: Io): ContractPlaces {
  const dev = io.env["CON_ROOT"];
  const base = dev ? resolve(io.cwd, dev) : root;
  return {
    directory: join(base, "contracts"),
    latest: reportPaths(base).latest,
    rootUid: dev ? io.uid : 0,
  };
}

/** The evaluator's cache is not for people's commands: they need no speed and may not write it. */
export const activeContracts = ({ directory, rootUid }: ContractPlaces): Promise<ContractSet> =>
  loadContracts({ directory, rootUid, cachePath: null });

/** `file:line:column: key: why: remedy` for each problem; `name` is the file as people typed it. */
export function problemLines({ problems }: Pick<BadContract, "problems">, name: string): string[] {
  return problems.map(({ line, column, key, why, remedy }) => {
    const what = key === "" ? why : `${key}: ${why}`;
    return safeLine(`${name}:${line}:${column}: ${what}: ${remedy}`);
  });
}
