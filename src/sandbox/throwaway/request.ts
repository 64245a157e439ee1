/**
 * What somebody wants run, as it is said over the socket, and whether it can be. Pure.
 *
 * Never: believes a name, a size or a number of the caller's.
 */
import { bounds } from "./bounds.ts";

export const languages = ["python", "node", "shell"] as const;
export type Language = (typeof languages)[number];

/** The header of a request. Code, standard input and the files follow as bytes, in this order. */
export interface Header {
  readonly version: 1;
  readonly language: Language;
  readonly arguments: readonly string[];
  /** Where each file goes, relative to the working directory. */
  readonly files: readonly string[];
  /** Files that are wanted back. */
  readonly outputs: readonly string[];
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Names in /var/lib/con/layers. */
  readonly layers: readonly string[];
}

export type Parsed =
  | { readonly ok: true; readonly header: Header }
  | { readonly ok: false; readonly why: string };

/** Names of the file that holds the code, in the working directory. */
export const codeFile: Readonly<Record<Language, string>> = {
  python: "main.py",
  node: "main.js",
  shell: "main.sh",
};

/** A digest, as whoever makes layers names them. */
const layerName = /^[0-9a-f]{64}$/;

/** A relative path without `.` and `..` in it, of bounded length, that every file system takes. */
export function isSafePath(path: string): boolean {
  const names = path.split("/");
  return (
    Buffer.byteLength(path) <= bounds.pathBytes &&
    names.length <= bounds.pathDepth &&
    !/[\u0000-\u001f\u007f]/.test(path) &&
    path.isWellFormed() &&
    names.every((name) => !["", ".", ".."].includes(name) && Buffer.byteLength(name) <= 255)
  );
}

export function parseHeader(bytes: Uint8Array): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return { ok: false, why: "the request is no JSON" };
  }
  if (typeof value !== "object" || value === null) return { ok: false, why: "it is no request" };
  const header = value as Header;
  const why = troubleWith(header);
  return why === null ? { ok: true, header } : { ok: false, why };
}

/** Why this cannot be run, or null. The caller's side asks first, so that it says the same without a socket. */
export function troubleWith(header: Header): string | null {
  const { version, language, timeoutSeconds, memoryMb } = header;
  if (version !== 1) return "it is a request of another version";
  if (!languages.includes(language)) return `language: one of ${languages.join(", ")}`;
  const { timeoutSeconds: time, memoryMb: memory } = bounds;
  if (!within(timeoutSeconds, 0, time.max)) return `timeout: above 0, at most ${time.max} seconds`;
  if (!within(memoryMb, memory.min - 1, memory.max))
    return `memory: from ${memory.min} to ${memory.max} MB`;
  return listTrouble(header);
}

const within = (value: unknown, above: number, most: number): boolean =>
  typeof value === "number" && value > above && value <= most;

function listTrouble({ language, files, outputs, layers, ...rest }: Header): string | null {
  if (!isList(rest.arguments, bounds.arguments)) return `arguments: at most ${bounds.arguments}`;
  const bytes = rest.arguments.reduce((sum, one) => sum + Buffer.byteLength(one) + 1, 0);
  if (bytes > bounds.argumentBytes) return `arguments: at most ${bounds.argumentBytes} bytes`;
  if (rest.arguments.some((one) => one.includes("\0"))) return "arguments: no NUL character";
  if (!isList(files, bounds.files)) return `files: at most ${bounds.files}`;
  if (!isList(outputs, bounds.outputs)) return `outputs: at most ${bounds.outputs}`;
  const unsafe = [...files, ...outputs].find((path) => !isSafePath(path));
  if (unsafe !== undefined)
    return `${JSON.stringify(unsafe)}: paths are relative, without .. and at most ${bounds.pathBytes} bytes`;
  if (new Set(files).size < files.length) return "files: the same path twice";
  if (files.includes(codeFile[language])) return `${codeFile[language]} is where the code goes`;
  if (!isList(layers, bounds.layers) || !layers.every((name) => layerName.test(name)))
    return `layers: at most ${bounds.layers} digests`;
  return null;
}

const isList = (value: unknown, most: number): value is readonly string[] =>
  Array.isArray(value) && value.length <= most && value.every((one) => typeof one === "string");
