/**
 * Are the keys of model providers there, and can systemd decrypt them? Each is decrypted and thrown away
 * unread: only the exit code comes back. Never: shows one, keeps one, or writes one.
 */
import fs from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config/types.ts";
import { exec } from "../../system/exec.ts";
import { credentialNames } from "../machine.ts";
import * as paths from "../paths.ts";
import { bad, type Finding, fine } from "./check.ts";

const hostKey = "/var/lib/systemd/credential.secret";

export async function checkCredentials(config: Config | null): Promise<Finding[]> {
  const wanted = Object.values(config?.providers ?? {}).flatMap(
    ({ credential }) => credential ?? [],
  );
  const names = [...new Set(wanted)].sort();
  if (names.length === 0) return [fine("credentials", "no provider needs one")];
  const there = credentialNames();
  const each = await Promise.all(names.map((name) => one(name, there.has(name))));
  if (there.size === 0 || fs.existsSync(hostKey)) return each;
  const remedy =
    "restore it with the volume, or set each credential again: con credential set NAME";
  return [...each, bad("credential key", `there is no ${hostKey}`, remedy)];
}

async function one(name: string, stored: boolean): Promise<Finding> {
  const what = `credential ${name}`;
  const remedy = `con credential set ${name}`;
  if (!stored) return bad(what, "missing", remedy);
  const file = join(paths.credentials, `${name}.cred`);
  // No byte of what it prints is kept.
  const argv = ["systemd-creds", "decrypt", `--name=${name}`, file, "-"] as const;
  const { code } = await exec(argv, { maxBytes: 0 });
  if (code === 0) return fine(what, "stored, and can be decrypted");
  if (code === 127) return bad(what, "systemd-creds is not installed", "install systemd");
  return bad(what, `stored, but cannot be decrypted (systemd-creds ended with ${code})`, remedy);
}
