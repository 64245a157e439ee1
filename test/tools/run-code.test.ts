/** run_code between a model and the sandbox: what goes in, what comes back into the workspace, what is said. */
import fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunEnding, RunRequest, RunResult } from "../../src/sandbox/throwaway/types.ts";
import { runCode } from "../../src/tools/run-code.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let asked: RunRequest[];
let next: Partial<RunResult>;

const printed = (text: string) => {
  const head = Buffer.from(text);
  return { head, tail: Buffer.alloc(0), totalBytes: head.length };
};
const exits = (code: number, signal: number | null = null): RunEnding => ({
  kind: "exit",
  code,
  signal,
});

beforeEach(() => {
  asked = [];
  next = {};
  world = createWorld({
    sandbox: async (request) => {
      asked.push(request);
      return {
        ending: exits(0),
        stdout: printed("out\n"),
        stderr: printed(""),
        files: [],
        missing: [],
        durationMs: 120,
        cpuMs: 10,
        memoryBytes: null,
        outOfMemory: false,
        ...next,
      };
    },
  });
});
afterEach(() => world.remove());

const run = (args: Record<string, unknown> = {}) =>
  world.run(runCode, { language: "python", code: "pass", ...args });

it("hands over code, input and the named files, by their place in the workspace", async () => {
  world.write("in/a.txt", "A");
  fs.writeFileSync(join(world.base, "granted", "g.txt"), "G");
  const granted = join(world.base, "granted", "g.txt");
  const found = await run({
    arguments: ["x"],
    stdin: "said",
    files: ["in/a.txt", granted],
    outputs: ["o"],
    timeout_seconds: 5,
    memory_mb: 64,
  });
  expect(found).toEqual({ ok: true, text: "out\n[exit code 0; 0.1 s]" });
  expect(asked[0]).toMatchObject({
    arguments: ["x"],
    stdin: "said",
    outputs: ["o"],
    timeoutSeconds: 5,
    memoryMb: 64,
  });
  expect(asked[0]?.files?.map(({ path, bytes }) => [path, String(bytes)])).toEqual([
    ["in/a.txt", "A"],
    ["g.txt", "G"],
  ]);
});

it("runs nothing when a file is none of the agent's", async () => {
  for (const file of ["../state/journal.jsonl", "/etc/passwd", "missing"])
    expect((await run({ files: [file] })).ok, file).toBe(false);
  expect(asked).toEqual([]);
});

it("stores outputs in the workspace, and through no link out of it", async () => {
  fs.symlinkSync(join(world.base, "state"), join(world.workspace, "way"));
  const bytes = Buffer.from("made");
  next = {
    files: [
      { path: "deep/o", bytes },
      { path: "way/stolen", bytes },
    ],
    missing: [{ path: "none", why: "the code made no such file" }],
  };
  const found = await run();
  expect(found.ok).toBe(false);
  expect(found.text).toContain("created deep/o: 4 bytes");
  expect(found.text).toContain("not there: none");
  expect(fs.readFileSync(join(world.workspace, "deep/o"), "utf8")).toBe("made");
  expect(fs.readdirSync(join(world.base, "state"))).toEqual(["journal.jsonl"]);
});

it.each<[string, Partial<RunResult>, boolean, RegExp]>([
  [
    "a failure",
    { ending: exits(3), stderr: printed("why") },
    false,
    /out\n\[standard error\]\nwhy\n\[exit code 3; /,
  ],
  [
    "a signal",
    { ending: exits(137, 9) },
    false,
    /killed by signal 9.*\n\[it was killed, perhaps for too much memory/,
  ],
  ["a time limit", { ending: { kind: "timeout", seconds: 2 } }, false, /ended after 2 s/],
  ["a refusal", { ending: { kind: "refused", why: "no" } }, false, /^not run: no$/],
  ["no sandbox", { ending: { kind: "unavailable", why: "no" } }, false, /not available: no$/],
  [
    "no network",
    { ending: exits(1), stderr: printed("Error: EAFNOSUPPORT") },
    false,
    /no network in here: use shell/,
  ],
])("says what came of %s", async (_, result, ok, text) => {
  next = result;
  const found = await run();
  expect(found.ok).toBe(ok);
  expect(found.text).toMatch(text);
});

it("cuts long output, and keeps what came back of it in a file", async () => {
  next = { stdout: { ...printed("x".repeat(50_000)), totalBytes: 2 ** 30 } };
  const { text } = await run();
  expect(text.length).toBeLessThan(world.context.shell.replyChars + 500);
  const file = /is in (\S+?)[ \]…]/.exec(text)?.[1] ?? "";
  expect(fs.readFileSync(file, "utf8")).toContain("bytes left out");
});

it("marks what it read of strangers, and says so where there is no sandbox", async () => {
  const file = join(world.base, "granted", "s.txt");
  fs.writeFileSync(file, "S");
  fs.chmodSync(file, 0o666);
  expect(await run({ files: [file] })).toMatchObject({ untrusted: true });
  expect(await run()).not.toHaveProperty("untrusted");
  const { sandbox: _, ...without } = world.context;
  const found = await runCode.run({ language: "shell", code: "id" }, without);
  expect(found).toMatchObject({ ok: false, text: expect.stringContaining("con dev") as string });
});
