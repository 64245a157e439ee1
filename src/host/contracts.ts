/**
 * Gathers the contract files that shall be active: shipped ones, and a person's own in /etc/con/contracts.
 *
 * A file of the same name in /etc/con replaces the shipped one, an empty one switches it off. What a file
 * says is not looked at here: the evaluator reports a malformed one. Never: follows a symbolic link.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import type { Finding } from "./world.ts";

const shippedContracts = "/usr/share/con/contracts";
const ownContracts = "/etc/con/contracts";

const maxBytes = 1 << 20;
const maxFiles = 1_000;

export interface Gathered {
  /** By path below /srv/con/contracts: `NAME.yaml` or `scripts/NAME`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly findings: readonly Finding[];
}

/** Later directories win. */
export function gatherContracts(
  directories: readonly string[] = [shippedContracts, ownContracts],
): Gathered {
  const files = new Map<string, Uint8Array>();
  const findings: Finding[] = [];
  for (const directory of directories)
    for (const folder of ["", "scripts"])
      for (const entry of list(join(directory, folder))) {
        const name = join(folder, entry.name);
        if (folder === "" && !/\.ya?ml$/.test(name)) continue;
        const path = join(directory, name);
        const why = refusal(path, entry, files.size);
        if (why !== null) findings.push({ what: path, why, remedy: "it was left out; replace it" });
        else {
          const content = readFileSync(path);
          if (content.length === 0) files.delete(name);
          else files.set(name, content);
        }
      }
  return { files, findings };
}

function refusal(path: string, entry: Dirent, taken: number): string | null {
  if (!entry.isFile()) return "it is no regular file";
  if (taken >= maxFiles) return `there are more than ${maxFiles} files`;
  return statSync(path).size > maxBytes ? `it is larger than ${maxBytes} bytes` : null;
}

function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && !entry.isDirectory())
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
