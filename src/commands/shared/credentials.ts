/** Where configuration and stored keys lie: installed, or in a `con dev` directory. Reads only. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { configDirectory } from "../../config/load.ts";
import { ConError, exit } from "../../system/errors.ts";
import { isDenied, isMissing } from "./access.ts";
import type { Io } from "./io.ts";
import { devPlaces } from "./places.ts";

export interface ConfigPlaces {
  readonly etc: string;
  readonly credentials: string;
  readonly dev: boolean;
}

export function configPlaces({ env, cwd }: Io): ConfigPlaces {
  const root = env["CON_ROOT"];
  const dev = root !== undefined && root !== "";
  const etc = dev ? devPlaces(resolve(cwd, root)).etc : configDirectory;
  return { etc, credentials: join(etc, "credentials"), dev };
}

/** Names of the stored credentials, or null where the caller may not look. */
export function storedCredentials({ credentials }: ConfigPlaces): Set<string> | null {
  try {
    const names = readdirSync(credentials).filter((name) => /^[^.].*\.cred$/.test(name));
    return new Set(names.map((name) => name.slice(0, -".cred".length)));
  } catch (error) {
    if (isMissing(error)) return new Set();
    if (isDenied(error)) return null;
    throw error;
  }
}

export function mustBeRoot(io: Io, what: string, file: string): void {
  if (io.uid === 0) return;
  const remedy = `run it as root (sudo con ${what} …)`;
  throw new ConError(exit.permission, what, `only root may change ${file}`, remedy);
}
