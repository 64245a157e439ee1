/** Which system a command speaks to: the installed one, or the directory of `con dev`. Reads only. */
import { resolve } from "node:path";
import { readSystem } from "../../config/compiled.ts";
import type { SystemRuntime } from "../../config/runtime.ts";
import { ConError, exit } from "../../system/errors.ts";
import { devPlaces } from "./places.ts";

export interface System {
  readonly runtime: SystemRuntime;
  /** True for a directory of `con dev`: no root, no systemd, no isolation. */
  readonly dev: boolean;
}

export const isolationWarning =
  "NO ISOLATION: in con dev every agent and every shell command runs as you, with all your rights.";

/** CON_ROOT (which `con --root DIR` sets) names a directory of `con dev`. */
export function loadSystem(env: NodeJS.ProcessEnv): System {
  const root = env["CON_ROOT"];
  if (root === undefined || root === "") return { runtime: readSystem(), dev: false };
  try {
    return { runtime: readSystem(devPlaces(resolve(root)).compiled), dev: true };
  } catch (error) {
    if (!(error instanceof ConError) || error.code !== exit.configuration) throw error;
    throw new ConError(exit.configuration, root, error.why, `run con dev ${root} first`);
  }
}
