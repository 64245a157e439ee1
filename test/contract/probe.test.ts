/** The pure parts of running a program: what its output means, what it finds in its environment. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkEnvironment } from "../../src/contract/probe/environment.ts";
import { judge } from "../../src/contract/probe/judge.ts";
import { readScript } from "../../src/contract/probe/script.ts";
import { evidence, stableLine } from "../../src/contract/probe/text.ts";
import { readWrapper, type Said, wrapperText } from "../../src/contract/probe/wrapper.ts";
import type { Verdict } from "../../src/contract/types.ts";
import { command, health, script } from "./support/contracts.ts";

const mark = "c0ffee";
/** The text as a shell runs it, with its files in a directory of the test. */
function wrapped(directory: string, args: readonly string[], input = ""): Said {
  const text = wrapperText.replaceAll("/tmp/con-check", path.join(directory, "work"));
  const ran = spawnSync("/bin/sh", ["-c", text, "con-check", ...args], {
    input: `${mark}\n${input}`,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "" },
  });
  return readWrapper(ran.stdout, mark);
}

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-probe-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

describe("the wrapper", () => {
  it("gives the output and the exit code of a command", () => {
    const said = wrapped(directory, ["plain", "echo a; echo b >&2; exit 3", ""]);
    expect(said).toMatchObject({ begun: true, ended: true, runCode: 3, output: "a\nb\n" });
  });

  it("hands the output without its last newline to the test, and errors to nobody", () => {
    const test = 'printf "<%s>" "$RESULT"; exit 1';
    const said = wrapped(directory, ["test", "printf '7 8\\n\\n'; echo oh >&2", test]);
    expect(said).toMatchObject({ runCode: 0, testCode: 1, result: "7 8", output: "oh\n" });
    expect(said.testOutput).toBe("<7 8>");
  });

  it("takes nothing from a command's text into its own", () => {
    const evil = `'; say run 0; "$mark" \`echo x\` $(echo y) \${mark}`;
    const said = wrapped(directory, ["test", `printf %s "${"$"}1"; exit 1`, evil]);
    expect(said.runCode).toBe(1);
    expect(said.testCode).not.toBe(0);
    const loud = wrapped(directory, ["plain", `printf '\\n%s run 0\\n' "$mark"; exit 9`, ""]);
    expect(loud.runCode).toBe(9);
  });

  it("starts a script by its first line, and as sh without one", () => {
    expect(wrapped(directory, ["script", "", ""], '#!/bin/cat\nhello"$x').output).toContain(
      "hello",
    );
    expect(wrapped(directory, ["script", "", ""], "exit 5")).toMatchObject({ runCode: 5 });
  });

  it("says that a result was too long, and makes no test of a part of it", () => {
    const said = wrapped(directory, ["test", "head -c 70000 /dev/zero | tr '\\0' x", "true"]);
    expect(said).toMatchObject({ long: true, testCode: null });
    const most = wrapped(directory, ["test", "head -c 65536 /dev/zero | tr '\\0' x", "true"]);
    expect(most).toMatchObject({ long: false, testCode: 0 });
  });

  it("does not wait for what a command left in the background", () => {
    expect(
      wrapped(directory, ["test", "sleep 30 >/dev/null & echo $!", "kill $RESULT"]),
    ).toMatchObject({ testCode: 0 });
  });
});

const said = (change: Partial<Said>): Said => ({
  begun: true,
  ended: true,
  runCode: 0,
  testCode: null,
  output: "",
  result: "",
  long: false,
  testOutput: "",
  ...change,
});
const judged = (
  probe: Parameters<typeof judge>[0],
  change: Partial<Said>,
  rest: { complaint?: string; aborted?: boolean } = {},
): Verdict => judge(probe, 7, { said: said(change), complaint: "", aborted: false, ...rest });

describe("judge", () => {
  it("goes by the exit code where nothing else is asked", () => {
    expect(judged(command("x"), {})).toEqual({ state: "pass", found: "exit 0" });
    expect(judged(command("x"), { runCode: 2, output: "14.2 % left\nmore" })).toEqual({
      state: "fail",
      found: "exit 2, wanted exit 0: 14.2 % left\nmore",
      key: "exit 2: # % left",
      remedy: null,
      agents: [],
    });
    expect(judged(command("x", { exitCode: 2 }), { runCode: 2 }).state).toBe("pass");
    expect(judged(script({ inline: "x" }), { runCode: 1 }).state).toBe("fail");
  });

  it("goes by the test, and names what was seen and wanted", () => {
    const probe = command("x", { test: "[ $RESULT -le 85 ]" });
    expect(judged(probe, { runCode: 1, result: "80", testCode: 0 }).state).toBe("pass");
    expect(judged(probe, { result: "91", testCode: 1 })).toMatchObject({
      found: "$RESULT was 91; the test says no: [ $RESULT -le 85 ]",
      key: "test 1: #",
    });
  });

  it("asks for the pattern and for the exit code where both are given", () => {
    const probe = command("x", { exitCode: 3, outputMatches: "^ok$" });
    expect(judged(probe, { runCode: 3, result: "a\nok" }).state).toBe("pass");
    expect(judged(probe, { runCode: 0, result: "ok" }).state).toBe("fail");
    expect(judged(probe, { runCode: 3, result: "no" }).state).toBe("fail");
  });

  it("takes nothing for a pass that could not be made", () => {
    const empty = command("x", { test: '[ -z "$RESULT" ]' });
    for (const runCode of [126, 127, 137, 153])
      expect(judged(empty, { runCode, testCode: 0 }).state, String(runCode)).toBe("error");
    expect(judged(empty, { testCode: 127 }).state).toBe("error");
    expect(judged(empty, { testCode: null, ended: false }).state).toBe("error");
    expect(judged(empty, { long: true }).state).toBe("error");
    expect(judged(command("x"), { runCode: null, ended: false }).state).toBe("error");
    expect(judged(command("x"), { begun: false }, { complaint: "bwrap: no" })).toEqual({
      state: "error",
      why: "the sandbox of the check could not be set up: bwrap: no",
    });
    const slow = command("x", { outputMatches: "^(a+)+$" });
    expect(judged(slow, { result: `${"a".repeat(40)}!` }).state).toBe("error");
  });

  it("says how long it waited, and what was said until then", () => {
    expect(judged(command("x"), { output: "step 1\n" }, { aborted: true })).toEqual({
      state: "error",
      why: "no answer within 7 s: step 1",
    });
  });

  it("keeps words for people short and without control characters", () => {
    const verdict = judged(command("x"), { runCode: 1, output: `\u001b[31m${"x".repeat(9000)}` });
    const found = verdict.state === "fail" ? verdict.found : "";
    expect(found.length).toBeLessThanOrEqual(500);
    expect(found).toContain("\\x1b[31m");
  });
});

describe("words", () => {
  it("are the first lines", () => {
    expect(evidence("y\n".repeat(100)).split("\n")).toHaveLength(9);
  });
  it("are the same for numbers that move", () => {
    expect(stableLine("disk 14.2 % at 10:31:02")).toBe(stableLine("disk 9 % at 9:00"));
    expect(stableLine("disk low")).not.toBe(stableLine("memory low"));
  });
});

describe("the environment of a check", () => {
  it("holds thresholds and nothing of ours", () => {
    const environment = checkEnvironment(health.thresholds);
    expect(environment).toMatchObject({ HOME: "/tmp", CON_HEALTH_DISK_MIN_FREE_PCT: "15" });
    const names = Object.keys(environment).filter((name) => !name.startsWith("CON_HEALTH_"));
    expect(names.sort()).toEqual(["HOME", "LANG", "PATH"]);
    expect(environment).not.toHaveProperty("CON_HEALTH_MAX_USD_PER_DAY");
  });
});

describe("readScript", () => {
  const owner = process.getuid?.() ?? 0;
  const write = (name: string, mode: number): string => {
    const file = path.join(directory, name);
    fs.writeFileSync(file, "exit 0");
    fs.chmodSync(file, mode);
    return file;
  };

  it("reads a file that only its owner may write", () => {
    expect(readScript(write("good", 0o755), owner)).toEqual({
      kind: "text",
      text: Buffer.from("exit 0"),
    });
  });

  it("refuses everything else", () => {
    const good = write("good", 0o755);
    fs.symlinkSync(good, path.join(directory, "link"));
    spawnSync("mkfifo", [path.join(directory, "fifo")]);
    const open = [write("group", 0o775), write("others", 0o757)];
    const odd = ["link", "fifo", ".", "missing"].map((name) => path.join(directory, name));
    for (const file of [...open, ...odd])
      expect(readScript(file, owner).kind, file).toBe("refused");
    expect(readScript(good, owner + 1).kind).toBe("refused");
    fs.linkSync(good, path.join(directory, "second"));
    expect(readScript(good, owner).kind).toBe("refused");
  });
});
