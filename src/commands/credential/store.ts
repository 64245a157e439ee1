/**
 * Encrypted keys in /etc/con/credentials: one file per key, readable with this machine's host key only
 * (systemd-creds(1)). Never: writes a key in clear text, or passes one in an argument.
 *
 * After a crash: the old file or the new one, whole.
 */
import { join } from "node:path";
import { nodeDisk } from "../../system/disk.ts";
import { removeDurably, replaceDurably } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import { isMissing } from "../shared/access.ts";
import type { ConfigPlaces } from "../shared/credentials.ts";
import type { Execute } from "../shared/reapply.ts";

const namePattern = /^[a-z][a-z0-9_-]{0,60}$/;

/** The name becomes part of a path and of a unit file. */
export function checkName(name: string): string {
  if (namePattern.test(name)) return name;
  const why = "a name begins with a-z and has a-z 0-9 _ - , at most 61 characters";
  throw new ConError(exit.badInput, JSON.stringify(name), why, "choose another name");
}

const pathOf = ({ credentials }: ConfigPlaces, name: string): string =>
  join(credentials, `${name}.cred`);

/** Encrypts with the host key and stores. */
export async function storeSecret(
  execute: Execute,
  places: ConfigPlaces,
  name: string,
  secret: string,
): Promise<void> {
  const argv = ["systemd-creds", "encrypt", "--with-key=host", `--name=${name}`, "-", "-"] as const;
  const result = await execute([...argv], { input: secret });
  if (result.code !== exit.ok || result.stdout.trim() === "") {
    const said = result.stderr.trim().replaceAll(secret, "[key]");
    const why = said || `systemd-creds ended with ${result.code}`;
    const remedy = "check that systemd-creds works on this machine: see con doctor";
    throw new ConError(exit.unavailable, `credential ${name}`, why, remedy);
  }
  nodeDisk.makeDirectory(places.credentials, 0o700);
  replaceDurably(nodeDisk, pathOf(places, name), Buffer.from(result.stdout), 0o600);
}

/** False when there was none. */
export function removeSecret(places: ConfigPlaces, name: string): boolean {
  const path = pathOf(places, name);
  if (nodeDisk.find(path) === null) return false;
  removeDurably(nodeDisk, path);
  return true;
}

/** When it was stored, epoch milliseconds; null when it has just gone. */
export function storedAt(places: ConfigPlaces, name: string): number | null {
  try {
    return Number(nodeDisk.lstat(pathOf(places, name)).mtimeMs);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
