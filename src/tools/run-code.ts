/**
 * Runs a piece of code once, in a throw-away sandbox: files of the workspace go in by name, files come back by name.
 *
 * Never: runs anything itself; lets the code see more than what was named; stores an output outside of the workspace.
 */
import fs from "node:fs";
import { join, relative } from "node:path";
import { isWithin } from "../sandbox/bwrap.ts";
import type { RunEnding, RunFile, RunRequest, RunResult } from "../sandbox/throwaway/types.ts";
import { answeringLater, refused, text, textOr } from "./answer.ts";
import { readWithin } from "./files/open.ts";
import { absolute, Denied, readable, writable } from "./files/reach.ts";
import { storeWithin } from "./files/store.ts";
import { asStrangers, isStrangers } from "./files/strangers.ts";
import type { ToolResult } from "./result.ts";
import { printedText } from "./run-code-text.ts";
import type { Tool, ToolContext } from "./tool.ts";

const paths = (description: string, maxItems: number) => ({
  type: "array",
  maxItems,
  items: { type: "string", minLength: 1, maxLength: 512 },
  description,
});

export const runCode: Tool = {
  name: "run_code",
  description:
    "Runs a program in Python, Node or bash once, in a sandbox that is made for it and thrown away: no network, " +
    "no other files than those you name, nothing left afterwards. For code that you do not trust, or that shall " +
    "not touch your workspace. Returns what it prints and its exit code; declared outputs come back into your " +
    "workspace. For the network or your whole workspace use shell.",
  parameters: {
    type: "object",
    properties: {
      language: { enum: ["python", "node", "shell"], description: "shell is bash" },
      code: { type: "string", minLength: 1, maxLength: 1_000_000, description: "The program" },
      arguments: {
        type: "array",
        maxItems: 256,
        items: { type: "string", maxLength: 100_000 },
        description: "Its arguments",
      },
      stdin: { type: "string", maxLength: 10_000_000, description: "Its standard input" },
      files: paths(
        "Files it gets: absolute or relative to the workspace. Those of the workspace keep their relative path, " +
          "others their name alone; the program starts in the folder that holds them",
        256,
      ),
      outputs: paths(
        "Files it makes and you want: relative paths, stored at the same place in your workspace",
        64,
      ),
      timeout_seconds: {
        type: "number",
        exclusiveMinimum: 0,
        maximum: 600,
        description: "Ended after this time (default 60)",
      },
      memory_mb: {
        type: "integer",
        minimum: 32,
        maximum: 1024,
        description: "Of one process (default 512)",
      },
    },
    required: ["language", "code"],
    additionalProperties: false,
  },
  parallel: false,
  run: (args, context) =>
    answeringLater(context, async () => {
      const { sandbox, signal } = context;
      if (sandbox === undefined) return noSandbox;
      const { files, isStrange } = inputs(context, list(args, "files"));
      const result = await sandbox(requestOf(args, files), signal);
      const trouble = troubleOf(result.ending);
      if (trouble !== null) return refused(trouble);
      return asStrangers(describe(result, context), isStrange);
    }),
};

const noSandbox = refused(
  "there is no throw-away sandbox here: it needs systemd (con dev has none); use shell",
);

const list = (args: Readonly<Record<string, unknown>>, key: string): readonly string[] =>
  Array.isArray(args[key]) ? args[key].map(String) : [];

function requestOf(args: Readonly<Record<string, unknown>>, files: readonly RunFile[]): RunRequest {
  const { timeout_seconds: timeout, memory_mb: memory } = args;
  return {
    language: text(args, "language") as RunRequest["language"],
    code: text(args, "code"),
    arguments: list(args, "arguments"),
    stdin: textOr(args, "stdin", ""),
    files,
    outputs: list(args, "outputs"),
    ...(typeof timeout === "number" ? { timeoutSeconds: timeout } : {}),
    ...(typeof memory === "number" ? { memoryMb: memory } : {}),
  };
}

/** All that goes in is held in memory. */
const maxInputBytes = 64 * 2 ** 20;

function inputs(
  { files }: ToolContext,
  names: readonly string[],
): { readonly files: RunFile[]; readonly isStrange: boolean } {
  let room = maxInputBytes;
  let isStrange = false;
  const taken = names.map((name): RunFile => {
    const path = absolute(files.workspace, name);
    const inside = isWithin(files.workspace, path);
    const bytes = readWithin(readable(files), path, (fd, { size }) => {
      room -= size;
      if (room < 0) throw new Denied(`${path}: all files together may have ${maxInputBytes} bytes`);
      isStrange ||= isStrangers(files, fd);
      return fs.readFileSync(fd);
    });
    return { path: inside ? relative(files.workspace, path) : nameOf(path), bytes };
  });
  return { files: taken, isStrange };
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Why nothing came of it; null when the program ran. */
function troubleOf(ending: RunEnding): string | null {
  switch (ending.kind) {
    case "refused":
      return `not run: ${ending.why}`;
    case "unavailable":
      return `not run: the sandbox is not available: ${ending.why}`;
    case "killed":
      return `ended in the middle: ${ending.why}`;
    case "aborted":
      return "ended because the task was stopped; nothing of it is left";
    case "exit":
    case "timeout":
      return null;
  }
}

function describe(result: RunResult, context: ToolContext): ToolResult {
  const stored = result.files.map((file) => store(file, context));
  const missing = result.missing.map(({ path, why }) => `not there: ${path}: ${why}`);
  const { ending } = result;
  const isFine = ending.kind === "exit" && ending.code === 0;
  return {
    ok: isFine && stored.every(({ ok }) => ok) && missing.length === 0,
    text: printedText(result, context, [...stored.map((one) => one.text), ...missing]),
  };
}

/** One that cannot be stored costs that one. */
function store({ path, bytes }: RunFile, { files }: ToolContext): ToolResult {
  const place = join(files.workspace, path);
  try {
    const what = storeWithin(writable(files), place, bytes);
    return { ok: true, text: `${what} ${path}: ${bytes.length} bytes` };
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return refused(`not stored: ${path}: ${error.message}`);
  }
}
