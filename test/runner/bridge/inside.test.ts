/** The loopback address within the sandbox: what it tells the program, and when it starts none. */
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loopbackCommand, main, type Spec } from "../../../src/runner/bridge/inside.ts";

let root: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), "con-inside-test-")));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const run = (script: string, more: Partial<Spec> = {}): Promise<number> => {
  const spec: Spec = {
    ...{ socket: join(root, "none"), token: "secret-token", port: 0 },
    argv: ["/bin/sh", "-c", script, "sh", "{url}", "{token}"],
    ...{ environment: { OWN: "{url} {token}" }, files: {}, removed: [] },
    ...more,
  };
  return main({ PATH: process.env["PATH"], ...loopbackCommand(spec).environment });
};
const read = (name: string): string => fs.readFileSync(join(root, name), "utf8");

test("tells the address and the token where they belong, and keeps its own settings", async () => {
  const script = `echo "$1 $2" >${root}/argv; env >${root}/env; exit 3`;
  const files = { [join(root, "in/settings")]: "{url} {token}" };
  expect(await run(script, { files })).toBe(3);
  expect(read("argv")).toMatch(/^http:\/\/127\.0\.0\.1:\d+ \{token\}\n$/);
  expect(read("env")).toMatch(/^OWN=http:\S+ secret-token$/m);
  expect(read("env")).not.toContain("CON_LOOPBACK");
  expect(read("in/settings")).toMatch(/^http:\S+ secret-token$/);
  expect(fs.statSync(join(root, "in/settings")).mode & 0o777).toBe(0o600);
});

test("takes out what an earlier task left, a link itself and never what it leads to", async () => {
  fs.mkdirSync(join(root, "far"));
  fs.writeFileSync(join(root, "far/kept"), "x");
  fs.symlinkSync(join(root, "far"), join(root, ".own"));
  const files = { [join(root, ".own/env")]: "" };
  expect(await run("exit 0", { files, removed: [join(root, ".own")] })).toBe(0);
  expect(fs.readdirSync(join(root, "far"))).toEqual(["kept"]);
  expect(fs.lstatSync(join(root, ".own")).isDirectory()).toBe(true);
});

test("starts nothing where somebody else has the port", async () => {
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as net.AddressInfo;
  expect(await run(`touch ${root}/begun`, { port })).toBe(75);
  expect(fs.existsSync(join(root, "begun"))).toBe(false);
  other.close();
});

test.each([
  ["kill -KILL $$", 137],
  ["exit 200", 200],
])("%s is its end", async (script, code) => {
  expect(await run(script)).toBe(code);
});

test("a program that is not there is 127", async () => {
  expect(await run("", { argv: [join(root, "nothing")] })).toBe(127);
});
