/**
 * Reads the files of a configuration directory (`/etc/con`, or the one of `con dev`).
 *
 * Never: follows a manifest that is no regular file, or skips one silently.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConError, exit, reasonOf } from "../system/errors.ts";
import { namePattern } from "./grammar.ts";
import { type ConfigFiles, roleFile } from "./parse.ts";
import type { SourceFile } from "./types.ts";

export const configDirectory = "/etc/con";

export function loadConfigFiles(directory: string = configDirectory): ConfigFiles {
  const manifests = join(directory, "agents.d");
  const names = list(manifests).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  const roles = join(directory, "roles");
  const folders = list(roles).filter((name) => namePattern.test(name));
  return {
    system: readFile(join(directory, "con.yaml")),
    agents: names.sort().flatMap((name) => readFile(join(manifests, name)) ?? []),
    roles: folders.sort().flatMap((name) => readFile(join(roles, name, roleFile)) ?? []),
  };
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw refused(directory, error);
  }
}

/** A directory or device in a file's place reads as its own complaint, so that it is reported. */
function readFile(path: string): SourceFile | null {
  try {
    if (!statSync(path).isFile()) return { path, text: "!not-a-regular-file" };
    return { path, text: readFileSync(path, "utf8") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw refused(path, error);
  }
}

function refused(path: string, error: unknown): ConError {
  const why = reasonOf(error);
  const remedy = "run as root, and check that it is readable";
  return new ConError(exit.configuration, path, why, remedy, { cause: error });
}
