/** Packages as the latest bootstrap accepted them from con.yaml. */
import { readSystem } from "../../config/compiled.ts";
import type { ForgePart } from "../../config/types.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";

export function compiledForge(io: Io): ForgePart {
  if (io.env["CON_ROOT"])
    throw new ConError(
      exit.unavailable,
      "con package",
      "con dev has no sandbox and so no forged tools",
      "use it on an installed system",
    );
  return readSystem().forge ?? { packages: [], registries: {} };
}
