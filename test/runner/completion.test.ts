/** Completion checks on real files, with real processes (without a sandbox: that is the image's test). */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMatches } from "../../src/runner/completion/pattern.ts";
import { createCompletion } from "../../src/runner/completion.ts";
import { createExecute } from "../../src/sandbox/exec.ts";
import type { CheckResult, DoneWhen } from "../../src/task/done-when/types.ts";
import { readDoneWhen } from "../../src/task/done-when.ts";
import type { Trust } from "../../src/task/task.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { createWorld, executed, secret, type World } from "../tools/support/world.ts";

vi.setConfig({ testTimeout: 60_000 });

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

function demand(...list: readonly unknown[]): DoneWhen {
  const read = readDoneWhen(list, undefined);
  if (!read.ok || read.doneWhen === null) throw new Error("malformed");
  return read.doneWhen;
}

async function make(
  check: unknown,
  change: Partial<ToolContext> = {},
  signal: AbortSignal = new AbortController().signal,
  answer = "",
): Promise<CheckResult> {
  const context = { ...world.context, ...change };
  const completion = createCompletion(demand(check), { tools: ["shell"], context });
  const [result] = await completion.evaluate(answer, signal);
  if (result === undefined) throw new Error("no result");
  return result;
}

describe("checks of files", () => {
  beforeEach(() => {
    world.write("report.md", "# Title\n# Summary\nall well\n");
    world.write("out.json", '{"result":{"ok":true,"n":[1,"two"]},"none":null}');
    world.write("out.yaml", "result: {ok: yes, n: 0x10}\nlist: [a, b]\n");
    world.write("sub/x", "");
  });

  it.each([
    [{ path_exists: "report.md" }, "pass", "is a file of"],
    [{ path_exists: "sub" }, "pass", "is a directory"],
    [{ path_exists: "." }, "pass", "is a directory"],
    [{ path_exists: "none" }, "fail", "none does not exist"],
    [{ path_exists: "report.md/x" }, "fail", "does not exist"],
    [{ path_not_exists: "none/at/all" }, "pass", "does not exist"],
    [{ path_not_exists: "report.md" }, "fail", "is a file"],
    [{ regex_in_file: { path: "report.md", pattern: "^# Summary$" } }, "pass", "matches"],
    [{ regex_in_file: { path: "report.md", pattern: "^Summary" } }, "fail", "does not match"],
    [{ regex_in_file: { path: "none", pattern: "a" } }, "fail", "does not exist"],
    [{ regex_in_file: { path: "sub", pattern: "a" } }, "error", "is a directory"],
    [{ no_regex_in_file: { path: "report.md", pattern: "TODO" } }, "pass", "does not match"],
    [{ no_regex_in_file: { path: "report.md", pattern: "well" } }, "fail", "matches"],
    [{ no_regex_in_file: { path: "none", pattern: "a" } }, "fail", "does not exist"],
    [{ json_key: { path: "out.json", key: "result.ok", equals: true } }, "pass", "is true"],
    [{ json_key: { path: "out.json", key: "result.ok", equals: "true" } }, "fail", 'wanted "true"'],
    [{ json_key: { path: "out.json", key: "result.n.1", matches: "^t" } }, "pass", "matches"],
    [{ json_key: { path: "out.json", key: "result.n", matches: "t" } }, "fail", "wanted a text"],
    [{ json_key: { path: "out.json", key: "none", equals: null } }, "pass", "is null"],
    [{ json_key: { path: "out.json", key: "no", equals: null } }, "fail", "does not exist"],
    [{ json_key: { path: "out.json", key: "result", exists: true } }, "pass", "is {"],
    [{ json_key: { path: "out.json", key: "toString", exists: false } }, "pass", "does not exist"],
    [{ json_key: { path: "out.json", key: "__proto__", exists: true } }, "fail", "not exist"],
    [{ json_key: { path: "report.md", key: "a", exists: true } }, "fail", "it is not JSON"],
    [{ yaml_key: { path: "out.yaml", key: "result.ok", equals: "yes" } }, "pass", "yes"],
    [{ yaml_key: { path: "out.yaml", key: "result.n", equals: 16 } }, "pass", "16"],
    [{ yaml_key: { path: "out.yaml", key: "list.0", equals: "a" } }, "pass", "a"],
  ])("%j: %s", async (check, state, found) => {
    const result = await make(check);
    expect(result.found).toContain(found);
    expect(result.state).toBe(state);
  });

  it("never look outside the agent's reach, by name or by link", async () => {
    fs.symlinkSync(path.join(world.base, "state"), path.join(world.workspace, "link"));
    fs.symlinkSync("/etc/passwd", path.join(world.workspace, "passwd"));
    const outside = ["../state/journal.jsonl", "/etc/passwd", "/proc/self/environ", "passwd"];
    for (const file of [...outside, "link/journal.jsonl", `${world.base}/state/journal.jsonl`]) {
      const found = await make({ regex_in_file: { path: file, pattern: "." } });
      expect(found.state, file).toBe("error");
      expect(found.found, file).toContain("outside");
      expect(found.found).not.toContain(secret);
      expect((await make({ path_exists: file })).state, file).toBe("error");
    }
    // What is missing there is not told either.
    for (const file of ["/etc/none", "../state/none", "../none"])
      expect((await make({ path_not_exists: file })).state, file).toBe("error");
  });

  it("end for fifos, big files and bombs, and are not passed", async () => {
    execFileSync("mkfifo", [path.join(world.workspace, "fifo")]);
    world.write("big", Buffer.alloc(1024 * 1024 + 1, "a"));
    world.write("bomb.yaml", `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`);
    world.write("deep.json", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    for (const check of [
      { path_exists: "fifo" },
      { regex_in_file: { path: "fifo", pattern: "a" } },
      { regex_in_file: { path: "big", pattern: "a" } },
      { yaml_key: { path: "bomb.yaml", key: "j", exists: true } },
      { json_key: { path: "deep.json", key: "a", exists: true } },
    ])
      expect((await make(check)).state, JSON.stringify(check)).not.toBe("pass");
  });
});

const bomb = (): string =>
  [..."bcdefghij"]
    .map((name, at) => {
      const before = `*${"abcdefghij"[at]}`;
      return `${name}: &${name} [${Array(9).fill(before).join(",")}]`;
    })
    .join("\n");

describe("patterns", () => {
  const matches = (pattern: string, text: string) => createMatches()(pattern, text);
  const endless = "^(a+)+$";

  it("that never end are interrupted, and leave no answer", async () => {
    expect(matches("^(a+)+$", `${"a".repeat(50)}!`)).toContain("longer than 200 ms");
    world.write("evil", `${"a".repeat(50)}!`);
    const result = await make({ no_regex_in_file: { path: "evil", pattern: "^(a+)+$" } });
    expect(result.state).toBe("error");
  });

  it("of one evaluation have a time together, and each evaluation has it anew", async () => {
    const list = Array.from({ length: 20 }, (_, n) => ({ name: `c${n}`, answer_matches: endless }));
    const completion = createCompletion(demand(...list), { tools: [], context: world.context });
    for (const _ of [1, 2]) {
      const results = await completion.evaluate(`${"a".repeat(50)}!`, new AbortController().signal);
      expect(results.map(({ state }) => state)).toEqual(list.map(() => "error"));
      expect(results[0]?.found).toContain("longer than 200 ms");
      // 1000 ms are at most six times 200 ms, the last one cut.
      for (const { found } of results.slice(6)) expect(found).toContain("all have together");
    }
  });

  it("of a sender who is not verified get one round", () => {
    const { task } = world.context;
    const rounds = (trust: Trust) =>
      createCompletion(demand({ answer_matches: "x" }), {
        tools: [],
        context: { ...world.context, task: { ...task, trust } },
      }).rounds;
    expect(rounds("verified")).toBe(3);
    expect(rounds("unverified")).toBe(1);
  });

  it("cannot reach what is outside of their context", () => {
    expect(matches("^a$", "b\na")).toBe(true);
    expect(matches("a{1000}{1000}{1000}", "a")).toEqual(expect.any(String));
  });
});

describe("the answer", () => {
  it("is checked as text", async () => {
    const check = { answer_matches: "^Total: \\d+$" };
    const made = (answer: string) => make(check, {}, undefined, answer);
    expect((await made("Hello\nTotal: 42\n")).state).toBe("pass");
    expect(await made("Total: many")).toMatchObject({ state: "fail" });
  });
});

describe("commands", () => {
  const real = (): Partial<ToolContext> => ({
    execute: createExecute({
      isolation: { kind: "none", workspace: world.workspace },
      limits: { memoryBytes: 2 ** 32, maxProcesses: 4096, fileBytes: 1 << 20 },
      environment: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    }),
  });
  const command = (args: object, rest: object = {}) => ({ command: args, ...rest });

  it.each([
    [{ run: "true" }, "pass", "exit code 0"],
    [{ run: "echo oops >&2; exit 3" }, "fail", "exit code 3:\noops"],
    [{ run: "exit 3", exit_code: 3 }, "pass", ""],
    [{ run: "true", exit_code: 3 }, "fail", "exit code 0, wanted 3"],
    [{ run: "echo one; echo two", output_matches: "^two$" }, "pass", ""],
    [{ run: "echo one", output_matches: "^two$" }, "fail", "does not match:\none"],
    [{ run: "echo ok", test: "[ $RESULT = ok ]" }, "pass", "the test holds"],
    [{ run: "printf 'a\\n\\n'; exit 9", test: '[ "$RESULT" = a ]' }, "pass", ""],
    [{ run: "exit 9", test: "true", exit_code: 0 }, "fail", "exit code 9"],
    [{ run: "echo no", test: "[ $RESULT = ok ]" }, "fail", "$RESULT was: no"],
    [{ run: "printf 'a\\0b'", test: '[ "$RESULT" = ab ]' }, "pass", ""],
    [{ run: "echo '$(touch owned)'", test: "true" }, "pass", ""],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    [{ run: "yes | head -c 300000", test: "[ ${#RESULT} -gt 60000 ]" }, "pass", ""],
  ])("%j: %s", async (args, state, found) => {
    const result = await make(command(args), real());
    expect(result.found).toContain(found);
    expect(result.state).toBe(state);
    expect(fs.readdirSync(world.workspace)).toEqual([]);
  });

  it("that take too long, are stopped or cannot be run are not passed", async () => {
    const slow = command({ run: "sleep 100" }, { timeout: "1s" });
    expect(await make(slow, real())).toMatchObject({
      state: "error",
      found: "it was killed after 1 s",
    });
    const output = { ...executed("so far\n").output };
    const killed = { ending: { kind: "timeout", seconds: 20 }, output } as const;
    expect(await make(slow, { execute: async () => killed })).toMatchObject({
      state: "error",
      found: "it was killed after 20 s:\nso far",
    });
    const stop = new AbortController();
    const stopped = make(command({ run: "touch begun; sleep 100" }), real(), stop.signal);
    const begun = path.join(world.workspace, "begun");
    await vi.waitUntil(() => fs.existsSync(begun), { timeout: 30_000 });
    stop.abort("cancelled");
    expect(await stopped).toMatchObject({ state: "error" });
    const broken = { ...executed(""), ending: { kind: "broken", why: "no bwrap" } } as const;
    const result = await make(command({ run: "true" }), { execute: async () => broken });
    expect(result).toMatchObject({ state: "error", found: "it could not be run: no bwrap" });
  });

  it("get the time that was asked for, up to the agent's own limit", async () => {
    const seen: number[] = [];
    const execute: ToolContext["execute"] = async ({ timeoutSeconds }) => {
      seen.push(timeoutSeconds);
      return executed("");
    };
    await make(command({ run: "true" }, { timeout: "5s" }), { execute });
    await make(command({ run: "true" }, { timeout: "1h" }), { execute });
    expect(seen).toEqual([5, 20]);
  });

  it("show at most a little, made safe", async () => {
    const noisy = { run: "printf '\\033]0;x\\007'; yes line | head -n 5000; echo end; exit 1" };
    const { found } = await make(command(noisy), real());
    expect(found.length).toBeLessThan(1100);
    expect(found).toContain("end");
    expect(found).not.toContain("\u001b");
  });
});

describe("who may demand what", () => {
  const refusal = (check: object, trust: "verified" | "unverified", tools = ["shell"]) => {
    const context = { ...world.context, task: { ...world.context.task, trust } };
    return createCompletion(demand(check), { tools, context }).refusal;
  };
  const command = { command: { run: "true" } };

  it("no command where the agent has no shell", () => {
    expect(refusal(command, "verified", ["read_file"])).toContain("no tool shell");
    expect(refusal(command, "verified")).toBeNull();
    expect(refusal({ path_exists: "a" }, "verified", [])).toBeNull();
  });

  it("of the answer only, when the sender is not verified", () => {
    expect(refusal({ answer_matches: "a" }, "unverified")).toBeNull();
    for (const check of [
      command,
      { path_exists: "a" },
      { json_key: { path: "a", key: "b", exists: true } },
    ])
      expect(refusal(check, "unverified")).toContain("not verified");
  });
});
