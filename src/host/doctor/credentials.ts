/** Are the keys of model providers there, and can systemd decrypt them? Never: shows or decrypts one. */
import fs from "node:fs";
import type { Config } from "../../config/types.ts";
import { credentialNames } from "../machine.ts";
import { bad, type Check, fine } from "./check.ts";

const hostKey = "/var/lib/systemd/credential.secret";

export async function checkCredentials(config: Config | null): Promise<Check[]> {
  const wanted = Object.values(config?.providers ?? {}).flatMap(
    ({ credential }) => credential ?? [],
  );
  const names = [...new Set(wanted)].sort();
  if (names.length === 0) return [fine("credentials", "no provider needs one")];
  const there = credentialNames();
  const each = names.map((name) =>
    there.has(name)
      ? fine(`credential ${name}`, "stored")
      : bad(`credential ${name}`, "missing", `con credential set ${name}`),
  );
  if (there.size === 0 || fs.existsSync(hostKey)) return each;
  const remedy =
    "restore it with the volume, or set each credential again: con credential set NAME";
  return [...each, bad("credential key", `there is no ${hostKey}`, remedy)];
}
