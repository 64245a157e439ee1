import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../src/commands/agent.ts";
import { maxTextBytes } from "../../src/steward/places.ts";
import { exit } from "../../src/system/errors.ts";
import { bytesOf, failure, makeIo, makeSystem } from "./support.ts";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "con-manage-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("add: a file that cannot be taken is told before anybody is asked", async () => {
  const cwd = directory();
  const { io } = makeIo("", { cwd });
  writeFileSync(join(cwd, "big.yaml"), "#".repeat(maxTextBytes + 1));
  writeFileSync(join(cwd, "odd.yaml"), new Uint8Array([0xff, 0xfe]));
  writeFileSync(join(cwd, "good.yaml"), "name: x\n");
  const why = async (...argv: string[]) => {
    const error = await failure(() => run(["add", ...argv], io));
    return [error.code, error.what, error.why];
  };
  expect(await why("none.yaml")).toEqual([
    exit.badInput,
    "none.yaml",
    "it cannot be read (ENOENT)",
  ]);
  expect(await why("big.yaml")).toEqual([
    exit.badInput,
    "big.yaml",
    "it is larger than 65536 bytes",
  ]);
  expect(await why("odd.yaml")).toEqual([exit.badInput, "odd.yaml", "it is not UTF-8 text"]);
  expect(await why("good.yaml", "--instructions", "odd.yaml")).toEqual([
    exit.badInput,
    "odd.yaml",
    "it is not UTF-8 text",
  ]);
  expect(await why(".")).toEqual([exit.badInput, ".", "it cannot be read (EISDIR)"]);
  expect((await why())[0]).toBe(exit.usage);
});

test("add -: standard input is read no further than a little too much", async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 1;
      yield new Uint8Array(maxTextBytes);
    }
  }
  const error = await failure(() => run(["add", "-"], makeIo("", { input: endless }).io));
  expect([error.code, error.what]).toEqual([exit.badInput, "standard input"]);
  expect(read).toBe(2);
});

test("in con dev nothing is commissioned or retired, and that is said", async () => {
  const { root } = makeSystem(["desk"]);
  const input = () => bytesOf([Buffer.from("name: x\n")]);
  for (const argv of [
    ["add", "-"],
    ["remove", "desk"],
    ["amend", "desk", "-"],
    ["grant", "desk", "--tool", "shell", "--tool", "reply", "--for", "2h"],
    ["revoke", "desk", "--read", "/srv/con/artifacts/x"],
  ])
    expect(await failure(() => run(argv, makeIo(root, { input }).io))).toMatchObject({
      code: exit.unavailable,
      why: "con dev has no steward and no units",
    });
});

test.each([
  [["grant", "desk"], "it says no right"],
  [["revoke", "desk"], "it says no right"],
  [["grant", "desk", "--tool", "x", "--until", "tomorrow"], "it is no time"],
  [["grant", "desk", "--tool", "x", "--for", "2 weeks"], "it is no time"],
  [["grant", "desk", "--tool", "x", "--for", "2h", "--until", "2030-01-01T00:00:00Z"], "--for is"],
  [["grant", "desk", "--read", "/x", "--uses", "3"], "only calls of tools are counted"],
  [["grant", "desk", "--model", "adviser", "--uses", "3"], "only calls of tools are counted"],
  [["grant", "desk", "--tool", "x", "--uses", "0"], "0 is not a number"],
  [["revoke", "desk", "--tool", "x", "--uses", "1"], "unknown option '--uses'"],
  [["grant", "--tool", "x"], "missing required argument 'name'"],
])("%j is a misuse, told before anybody is asked", async (argv, why) => {
  expect(await failure(() => run(argv, makeIo("").io))).toMatchObject({
    code: exit.usage,
    why: expect.stringContaining(why),
  });
});

test.each(["add", "remove", "amend", "grant", "revoke"])(
  "%s --help says what happens, exit codes and an example",
  async (verb) => {
    const { io, out } = makeIo("");
    expect(await run([verb, "--help"], io)).toBe(exit.ok);
    expect(out()).toContain("Exit code: 0 done");
    expect(out()).toContain(`con agent ${verb} scribe`);
  },
);
