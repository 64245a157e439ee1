import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Command, createExecute, type Executed } from "../../src/sandbox/exec.ts";
import { searchFiles } from "../../src/tools/search-files.ts";
import { shell } from "../../src/tools/shell.ts";
import { createWorld, executed, type World } from "./support/world.ts";

/** Real processes on a machine that may be busy; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 60_000 });

let world: World;
let commands: Command[];
let next: (command: Command) => Executed;

beforeEach(() => {
  commands = [];
  next = () => executed("");
  world = createWorld({
    execute: async (command) => {
      commands.push(command);
      return next(command);
    },
  });
});
afterEach(() => world.remove());

describe("shell", () => {
  const run = (args: Record<string, unknown>) => world.run(shell, args);

  it("passes the command as one argument, with the wanted time up to the limit", async () => {
    await run({ command: "echo '; rm -rf /'", timeout_seconds: 3 });
    await run({ command: "true", timeout_seconds: 1e9 });
    await run({ command: "true" });
    expect(commands[0]?.argv).toEqual(["/bin/bash", "-c", "echo '; rm -rf /'"]);
    expect(commands.map(({ timeoutSeconds }) => timeoutSeconds)).toEqual([3, 20, 10]);
  });

  it("says how it ended", async () => {
    const endings: readonly [Executed["ending"], boolean, string][] = [
      [{ kind: "exit", code: 0 }, true, "out\n[exit code 0]"],
      [{ kind: "exit", code: 3 }, false, "out\n[exit code 3]"],
      [{ kind: "exit", code: 137 }, false, "too much memory"],
      [{ kind: "timeout", seconds: 2 }, false, "out\n[killed after 2 s"],
      [{ kind: "aborted" }, false, "the task was stopped"],
      [{ kind: "broken", why: "no bwrap" }, false, "not run: no bwrap"],
    ];
    for (const [ending, ok, text] of endings) {
      next = () => ({ ...executed("out"), ending });
      const result = await run({ command: "x" });
      expect(result.ok).toBe(ok);
      expect(result.text).toContain(text);
    }
  });

  it("cuts a long output and keeps all of it in a file that it names", async () => {
    const output = Array.from({ length: 3000 }, (_, n) => `${n}\n`).join("");
    next = () => executed(output);
    const { text } = await run({ command: "x" });
    const file = /all of it in (\S+)/.exec(text)?.[1] ?? "";
    expect(text.length).toBeLessThan(5300);
    expect(text).toMatch(/^0\n1\n[\s\S]*2999\n\[exit code 0\]$/);
    expect(path.dirname(file)).toBe(path.join(world.workspace, ".con", "output"));
    expect(fs.readFileSync(file, "utf8")).toBe(output);
  });

  it("keeps a binary output as it is, and shows it harmless", async () => {
    const output = Buffer.from(Array.from({ length: 4000 }, (_, n) => n % 256));
    next = () => executed(output);
    const { text } = await run({ command: "x" });
    const file = /all of it in (\S+)/.exec(text)?.[1] ?? "";
    expect(text).not.toMatch(/[\u0000-\u0008\u000e-\u001f]/);
    expect(fs.readFileSync(file).equals(output)).toBe(true);
  });

  it("does not follow a link to put its file elsewhere", async () => {
    fs.symlinkSync(path.join(world.base, "state"), path.join(world.workspace, ".con"));
    next = () => executed("x".repeat(9000));
    const result = await run({ command: "x" });
    expect(result.ok).toBe(false);
    expect(fs.readdirSync(path.join(world.base, "state"))).toEqual(["journal.jsonl"]);
  });
});

describe("search_files", () => {
  const real = () =>
    createWorld({
      execute: (command, signal) =>
        createExecute({
          isolation: { kind: "none", workspace: "/" },
          limits: { memoryBytes: 2 ** 31, maxProcesses: 1000, fileBytes: 2 ** 20 },
          environment: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
        })(command, signal),
    });

  it("finds lines, by Perl expressions and file names", async () => {
    const found = real();
    try {
      found.write("a.ts", "const x = 41;\nconst y = 'é';\n");
      found.write("b.md", "x = 42\n");
      const search = async (args: Record<string, unknown>) =>
        (await found.run(searchFiles, args)).text.trim();
      expect(await search({ pattern: "x = \\d+", glob: "*.ts" })).toBe(
        `${found.workspace}/a.ts:1:const x = 41;`,
      );
      expect(await search({ pattern: "-e" })).toBe("(no match)");
      expect(await search({ pattern: "(" })).toContain("grep: exit code 2");
    } finally {
      found.remove();
    }
  });

  it("passes patterns and paths as arguments, never as options", async () => {
    world.write("--help", "");
    await world.run(searchFiles, { pattern: "--version", path: "--help" });
    const argv: readonly string[] = commands[0]?.argv ?? [];
    expect(argv.slice(argv.indexOf("--regexp"))).toEqual([
      "--regexp",
      "--version",
      "--",
      path.join(world.workspace, "--help"),
    ]);
  });

  it("starts nothing for a place that is not granted", async () => {
    for (const place of ["/etc", "..", "../state", "/proc/self/fd"]) {
      const result = await world.run(searchFiles, { pattern: "x", path: place });
      expect(result.denial?.code, place).toMatch(/^(not_granted|bad_path)$/);
    }
    expect(commands).toEqual([]);
  });
});
