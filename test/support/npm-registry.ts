/** What a registry of npm packages says, as a map of paths to answers, and a program that serves such a map. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { header } from "../../src/installer/pack.ts";

export interface Offered {
  readonly name: string;
  readonly version: string;
  /** Of package.json and of what the registry says. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Tar headers of entries beside the files: their names, types, and where they lead. */
  readonly odd?: readonly { readonly path: string; readonly type: string; readonly to: string }[];
  /** Where its archive is said to be, when not here. */
  readonly tarball?: string;
  /** The registry says the digest of something else. */
  readonly isForged?: boolean;
}

const block = 512;

function entry(path: string, text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([
    header(path, body.length),
    body,
    Buffer.alloc((block - (body.length % block)) % block),
  ]);
}

/** A header with the place that it leads to, and so another sum. */
function link(path: string, type: string, to: string): Buffer {
  const head = header(path, 0, { type, mode: 0o4755 });
  head.write(to, 157, 100, "utf8");
  head.write("        ", 148, "latin1");
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return head;
}

function tarball({ name, version, more = {}, files = {}, odd = [] }: Offered): Buffer {
  const own = { "package.json": JSON.stringify({ name, version, ...more }), ...files };
  return gzipSync(
    Buffer.concat([
      ...Object.entries(own).map(([path, text]) => entry(`package/${path}`, text)),
      ...odd.map(({ path, type, to }) => link(path, type, to)),
      Buffer.alloc(2 * block),
    ]),
  );
}

/** Path → base64 of the answer. */
export function answersOf(base: string, offered: readonly Offered[]): Record<string, string> {
  const packuments = new Map<string, Record<string, object>>();
  const answers: Record<string, string> = {};
  for (const one of offered) {
    const bytes = tarball(one);
    const path = `/${one.name}/-/${one.version}.tgz`;
    answers[path] = bytes.toString("base64");
    const integrity = integrityOf(one.isForged === true ? Buffer.from("other") : bytes);
    const dist = { tarball: one.tarball ?? `${base}${path}`, integrity };
    const manifest = { name: one.name, version: one.version, ...one.more, dist };
    packuments.set(one.name, { ...packuments.get(one.name), [one.version]: manifest });
  }
  for (const [name, versions] of packuments) {
    const latest = Object.keys(versions).at(-1);
    const packument = { name, "dist-tags": { latest }, versions };
    answers[`/${name}`] = Buffer.from(JSON.stringify(packument)).toString("base64");
  }
  return answers;
}

export const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash("sha512").update(bytes).digest("base64")}`;

export const integrityIn = (answers: Readonly<Record<string, string>>, path: string): string =>
  integrityOf(Buffer.from(answers[path] ?? "", "base64"));

/** `node FILE PORT ANSWERS LOG`: for a container, which has no test code. What is null there is never answered. */
export const server = `import fs from "node:fs";
import http from "node:http";
const [port, answers, log] = process.argv.slice(2);
const known = JSON.parse(fs.readFileSync(answers, "utf8"));
http.createServer((request, response) => {
  fs.appendFileSync(log, request.url + "\\n");
  const found = known[decodeURIComponent(request.url)];
  if (found === null) return;
  if (found === undefined) return response.writeHead(404).end("{}");
  response.end(Buffer.from(found, "base64"));
}).listen(Number(port), "127.0.0.1", () => fs.appendFileSync(log, "listening\\n"));
`;
