/** Packages of Node's from a registry on loopback: with what they need, from a lock again, and what is refused. */
import fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { installNode } from "../../src/installer/node.ts";
import { pack } from "../../src/installer/pack.ts";
import type { LayerOrder } from "../../src/system/layers/order.ts";
import { answersOf, integrityIn, type Offered } from "../support/npm-registry.ts";
import { quickDirectory } from "../support/quick-directory.ts";

const script = { scripts: { install: "echo ran > ran.txt" } };
const offered = (base: string): Offered[] => [
  { name: "inner", version: "1.0.0", files: { "index.js": "module.exports = 1;" } },
  { name: "inner", version: "1.5.0", files: { "index.js": "module.exports = 15;" } },
  {
    ...{ name: "outer", version: "1.0.0", more: { dependencies: { inner: "^1.0.0" } } },
    files: { "index.js": "module.exports = require('inner');" },
  },
  { name: "scripted", version: "1.0.0", more: script },
  { name: "fromgit", version: "1.0.0", more: { dependencies: { x: "git+https://h.invalid/x" } } },
  { name: "fromfile", version: "1.0.0", more: { dependencies: { x: "file:/etc" } } },
  { name: "fromurl", version: "1.0.0", more: { dependencies: { x: `${base}/../x.tgz` } } },
  { name: "faraway", version: "1.0.0", tarball: "http://127.0.0.2:9/x.tgz" },
  { name: "forged", version: "1.0.0", isForged: true },
  { name: "escape", version: "1.0.0", odd: [{ path: "package/../../../out", type: "0", to: "" }] },
];

let answers: Record<string, string> = {};
let registry = "";
const server = createServer((request, response) => {
  const found = answers[decodeURIComponent(request.url ?? "")];
  response.writeHead(found === undefined ? 404 : 200);
  response.end(Buffer.from(found ?? "e30=", "base64"));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answers = answersOf(registry, offered(registry));
});
afterAll(() => server.close());

function folder(): string {
  const path = fs.mkdtempSync(join(quickDirectory(), "con-installer-"));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

const order = (name: string, more: Partial<LayerOrder> = {}): LayerOrder => ({
  ...{ version: 1, language: "node", package: name, integrity: null, registry, lock: null },
  ...more,
});

test("a package comes with what it needs, and from its lock the same again", async () => {
  const work = folder();
  const lock = await installNode(order("outer==1.0.0"), work);
  expect(lock.packages).toEqual(["inner==1.5.0", "outer==1.0.0"]);
  expect(lock.integrity).toBe(integrityIn(answers, "/outer/-/1.0.0.tgz"));
  const text = lock.text.replaceAll("1.5.0", "1.0.0");
  const one = integrityIn(answers, "/inner/-/1.5.0.tgz");
  const older = text.replace(one, integrityIn(answers, "/inner/-/1.0.0.tgz"));
  const again = await installNode(order("outer==1.0.0", { lock: older }), folder());
  expect(again.packages).toEqual(["inner==1.0.0", "outer==1.0.0"]);
  const parts: Uint8Array[] = [];
  pack(work, "node_modules", lock, (bytes) => parts.push(bytes));
  expect(Buffer.concat(parts).toString("latin1")).toContain("node_modules/inner/index.js");
});

test("no script of a package runs; let run, it does something", async () => {
  const [quiet, loud] = [folder(), folder()];
  const ran = (work: string) => fs.existsSync(join(work, "node_modules/scripted/ran.txt"));
  await installNode(order("scripted==1.0.0"), quiet);
  await installNode(order("scripted==1.0.0"), loud, false);
  expect([ran(quiet), ran(loud)]).toEqual([false, true]);
});

test.each([
  ["nowhere==1.0.0", {}, "404"],
  ["outer==2.0.0", {}, "No matching version"],
  ["outer==1.0.0", { integrity: "sha512-other" }, "and con.yaml says sha512-other"],
  ["forged==1.0.0", {}, "integrity"],
  ["faraway==1.0.0", {}, "comes from another host"],
  ["fromgit==1.0.0", {}, "git"],
  ["fromfile==1.0.0", {}, "does not come from a registry"],
] as const)("refused: %s %j", async (name, more, why) => {
  const work = folder();
  await expect(installNode(order(name, more), work)).rejects.toThrow(why);
  expect(fs.existsSync(join(work, "node_modules"))).toBe(false);
});

test("an archive that leads out leaves nothing outside", async () => {
  const work = join(folder(), "a/b/c");
  fs.mkdirSync(work, { recursive: true });
  await installNode(order("escape==1.0.0"), work).catch((error: unknown) => error);
  const found = fs.readdirSync(join(work, "../../.."), { recursive: true, encoding: "utf8" });
  expect(found.filter((path) => path.endsWith("/out") || path === "out")).toEqual([]);
});
