/**
 * Checks of files. Never: looks at what the agent's own file tools may not reach, follows a link out
 * of it, or reads more than `maxBytes`.
 */
import fs from "node:fs";
import type { CompletionProbe, WantedValue } from "../../task/done-when/types.ts";
import { directoryWithin, readWithin } from "../../tools/files/open.ts";
import { absolute, Denied, permits, readable } from "../../tools/files/reach.ts";
import type { FilePolicy } from "../../tools/policies.ts";
import { type Matches, patternVerdict } from "./pattern.ts";
import { failed, type Made, passed, verdict } from "./verdict.ts";

type Probe<K extends CompletionProbe["kind"]> = Extract<CompletionProbe, { readonly kind: K }>;

const maxBytes = 1024 * 1024;
const missing = "does not exist";

/** A regular file or a directory; anything else is a `Denied`. */
export function pathCheck(
  { kind, path }: Probe<"path_exists" | "path_not_exists">,
  files: FilePolicy,
): Made {
  const found = kindOf(files, path);
  return verdict((found === null) === (kind === "path_not_exists"), `${path} ${found ?? missing}`);
}

function kindOf(files: FilePolicy, path: string): string | null {
  const reach = readable(files);
  const target = reachable(files, path);
  return orNull(() => {
    try {
      return directoryWithin(reach, target, () => "is a directory");
    } catch (error) {
      if (!(error instanceof Denied) || codeOf(error) !== "ENOTDIR") throw error;
      return readWithin(reach, target, (_, { size }) => `is a file of ${size} bytes`);
    }
  });
}

/** Said before anything is touched, so that nothing outside is found out by what is missing there. */
function reachable(files: FilePolicy, path: string): string {
  const target = absolute(files.workspace, path);
  if (permits(readable(files), target)) return target;
  throw new Denied(`${path} is outside what this agent may read`);
}

const codeOf = (error: Denied): unknown => (error.cause as NodeJS.ErrnoException | undefined)?.code;

/** Null for what is not there. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const isMissing =
      error instanceof Denied && ["ENOENT", "ENOTDIR"].includes(String(codeOf(error)));
    if (isMissing) return null;
    throw error;
  }
}

export function textCheck(
  { kind, path, pattern }: Probe<"regex_in_file" | "no_regex_in_file">,
  files: FilePolicy,
  matches: Matches,
): Made {
  const text = textOf(files, path);
  // Also where nothing must match: a file that is not there tells nothing about its content.
  if (text === null) return failed(`${path} ${missing}`);
  const wanted = kind === "regex_in_file";
  return patternVerdict(matches(pattern, text), (found) =>
    found === wanted ? null : failed(`${path} ${found ? "matches" : "does not match"}`),
  );
}

function textOf(files: FilePolicy, path: string): string | null {
  const target = reachable(files, path);
  const bytes = orNull(() => readWithin(readable(files), target, readBounded));
  if (bytes === null) return null;
  if (bytes.length <= maxBytes) return bytes.toString("utf8");
  throw new Denied(`${path} is larger than ${maxBytes} bytes, too large for a check`);
}

/** One byte more than is permitted shows that it is too long; it may grow meanwhile. */
function readBounded(fd: number): Buffer {
  const bytes = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = fs.readSync(fd, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

export async function keyCheck(
  { kind, path, key, wanted }: Probe<"json_key" | "yaml_key">,
  files: FilePolicy,
  matches: Matches,
): Promise<Made> {
  const text = textOf(files, path);
  if (text === null) return failed(`${path} ${missing}`);
  const parsed = kind === "json_key" ? parseJson(text) : await parseYaml(text);
  if ("why" in parsed) return failed(`${path} cannot be read: ${parsed.why}`);
  return judge(lookUp(parsed.value, key), key, wanted, matches);
}

type Parsed = { readonly value: unknown } | { readonly why: string };

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { why: "it is not JSON" };
  }
}

async function parseYaml(text: string): Promise<Parsed> {
  const { parse, YAMLError } = await import("../../task/yaml-library.ts");
  try {
    return { value: parse(text, { schema: "core", logLevel: "error" }) };
  } catch (error) {
    // ReferenceError: an alias that leads nowhere, or too many of them. RangeError: nested too deeply.
    const known = [YAMLError, ReferenceError, RangeError].some((kind) => error instanceof kind);
    if (!known) throw error;
    return { why: "it is not YAML" };
  }
}

/** Undefined for a key that is not there; only what the document itself holds is seen. */
function lookUp(value: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce<unknown>(
      (at, name) =>
        typeof at === "object" && at !== null && Object.hasOwn(at, name)
          ? (at as Readonly<Record<string, unknown>>)[name]
          : undefined,
      value,
    );
}

const shownChars = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= shownChars ? text : `${text.slice(0, shownChars).toWellFormed()}…`;
}

function judge(value: unknown, key: string, wanted: WantedValue, matches: Matches): Made {
  const is = value === undefined ? `${key} ${missing}` : `${key} is ${shown(value)}`;
  if ("exists" in wanted) return verdict((value !== undefined) === wanted.exists, is);
  if ("equals" in wanted)
    return value === wanted.equals ? passed(is) : failed(`${is}, wanted ${shown(wanted.equals)}`);
  if (typeof value === "object" || value === undefined) return failed(`${is}, wanted a text`);
  return patternVerdict(matches(wanted.matches, String(value)), (found) =>
    found ? null : failed(`${is}, which does not match`),
  );
}
