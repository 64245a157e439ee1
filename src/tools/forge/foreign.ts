/**
 * A version of a forged tool as bytes that its agent alone could write: the same form that the forge gives it, or why
 * not. Pure. Never: believes a key, a size or a number of it; what people are shown is what would run.
 */
import { languages } from "../../sandbox/throwaway/request.ts";
import { isDeeperThan, isObject, mostJsonDepth } from "../../system/json.ts";
import { isToolName } from "./names.ts";
import type { Example, Json, Manifest } from "./types.ts";
import { digestOf, json, type Version } from "./version-files.ts";

export type Foreign =
  | ({ readonly ok: true } & Version)
  | { readonly ok: false; readonly why: string };

export interface Wanted {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
}

const no = (why: string): Foreign => ({ ok: false, why });

/** `contents` as in `versionFiles`. */
export function readForeign(contents: readonly Uint8Array[], wanted: Wanted): Foreign {
  const digest = digestOf(contents);
  if (digest !== wanted.digest) return no("its files are not those of that digest");
  const texts = contents.map(textOf);
  if (texts.some((text) => text === null)) return no("its files are no text");
  const [tool = "", code = "", tests = "", report = ""] = texts as string[];
  const manifest = parsed(tool);
  const cases = parsed(tests);
  if (!isManifest(manifest)) return no("its tool.json is not as the forge writes it");
  if (manifest.name !== wanted.name || manifest.version !== wanted.version)
    return no("its tool.json is of another tool or version");
  if (!isTests(cases)) return no("its tests.json is not as the forge writes it");
  // A key given twice, or in another order, would show people something else than programs read.
  const isPlain = json(manifest).toString() === tool && json(cases).toString() === tests;
  if (!isPlain) return no("its files are not written as the forge writes them");
  return { ok: true, manifest, code, tests: cases, report, digest };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return isDeeperThan(value, mostJsonDepth) ? null : value;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return null;
  }
}

const mostTests = 40;

const isTests = (value: unknown): value is readonly Example[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= mostTests &&
  value.every((one) => hasKeys(one, ["arguments", "result"]) && isObject(one["arguments"]));

const hasKeys = (value: unknown, keys: readonly string[]): value is Json =>
  isObject(value) &&
  Object.keys(value).length === keys.length &&
  keys.every((key) => Object.hasOwn(value, key));

const text = (most: number) => (value: unknown) =>
  typeof value === "string" && value.length > 0 && value.length <= most;
const whole = (most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;
const list = (most: number, fits: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length <= most && value.every(fits);
const schema = (value: unknown) => isObject(value) && JSON.stringify(value).length <= 32 * 1024;
const matches = (pattern: RegExp) => (value: unknown) =>
  typeof value === "string" && pattern.test(value);

type Form = Readonly<Record<string, (value: unknown) => boolean>>;

const fits = (value: unknown, form: Form): boolean =>
  hasKeys(value, Object.keys(form)) &&
  Object.entries(form).every(([key, isRight]) => isRight(value[key]));

const limits: Form = {
  timeoutSeconds: (value) => typeof value === "number" && value > 0 && value <= 600,
  memoryMb: (value) => whole(1024)(value) && Number(value) >= 32,
};

const made: Form = {
  at: whole(Number.MAX_SAFE_INTEGER),
  task: text(200),
  rounds: whole(100),
  model: text(300),
};

const manifestForm: Form = {
  format: (value) => value === 1,
  name: (value) => typeof value === "string" && isToolName(value),
  purpose: text(2000),
  language: (value) => languages.some((one) => one === value),
  inputs: (value) => schema(value) && (value as Json)["type"] === "object",
  output: schema,
  limits: (value) => fits(value, limits),
  dependencies: list(8, matches(/^[A-Za-z0-9@][A-Za-z0-9@/._-]{0,80}==[A-Za-z0-9.+!-]{1,41}$/)),
  layers: list(8, matches(/^[0-9a-f]{64}$/)),
  tainted: (value) => typeof value === "boolean",
  made: (value) => fits(value, made),
  version: (value) => whole(1000)(value) && Number(value) >= 1,
};

const isManifest = (value: unknown): value is Manifest => fits(value, manifestForm);
