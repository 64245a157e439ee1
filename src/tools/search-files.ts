/**
 * Searches files for a pattern with grep(1) in the sandbox: a pattern that never ends is killed there
 * and cannot hold up the runner. Never: follows links below the place, or reads what the sandbox
 * does not show.
 */

import type { Executed } from "../sandbox/exec.ts";
import { answeringLater, done, refused, text, textOr } from "./answer.ts";
import { locateWithin } from "./files/open.ts";
import { absolute, readable } from "./files/reach.ts";
import { asStrangers, hasStrangers } from "./files/strangers.ts";
import type { ToolResult } from "./result.ts";
import { outputOf, shorten } from "./shell.ts";
import type { Tool, ToolContext } from "./tool.ts";

const searchSeconds = 20;
const maxPerFile = 50;
/** Longest shown part of a matching line. */
const lineChars = 300;

export const searchFiles: Tool = {
  name: "search_files",
  description:
    "Searches the contents of text files below a folder for a regular expression (Perl style, as " +
    "grep -P) and returns matching lines as path:line:text. Searches the workspace and the folders " +
    "granted to you.",
  parameters: {
    type: "object",
    properties: {
      pattern: { type: "string", minLength: 1, maxLength: 1000, description: "Regular expression" },
      path: {
        type: "string",
        minLength: 1,
        description: "Folder or file (default: the workspace)",
      },
      glob: {
        type: "string",
        minLength: 1,
        maxLength: 200,
        description: 'File names, e.g. "*.ts"',
      },
    },
    required: ["pattern"],
    additionalProperties: false,
  },
  parallel: true,
  async run(args, context) {
    const pattern = text(args, "pattern");
    const glob = textOr(args, "glob", "");
    if (`${pattern}${glob}`.includes("\0")) return refused("a NUL character cannot be searched");
    if (pattern.includes("\n")) return refused("search for one line at a time");
    return answeringLater(context, async () => {
      const { files } = context;
      const path = absolute(files.workspace, textOr(args, "path", files.workspace));
      // The sandbox confines grep; this is for the same answer as the other tools give.
      const argv = grep(pattern, glob, locateWithin(readable(files), path));
      const command = { argv, timeoutSeconds: searchSeconds, output: outputOf(context) };
      return present(await context.execute(command, context.signal), context);
    });
  },
};

function grep(pattern: string, glob: string, path: string): [string, ...string[]] {
  return [
    "grep",
    "--recursive",
    "--line-number",
    "--with-filename",
    "--perl-regexp",
    "--binary-files=without-match",
    `--max-count=${maxPerFile}`,
    "--exclude-dir=.git",
    "--exclude-dir=.con",
    ...(glob === "" ? [] : [`--include=${glob}`]),
    "--regexp",
    pattern,
    "--",
    path,
  ];
}

/** grep's exit code: 0 found, 1 nothing, 2 trouble (perhaps beside matches). */
function present(executed: Executed, context: ToolContext): ToolResult {
  const { ending } = executed;
  const found = shorten(executed, context.shell.replyChars, outputOf(context).open);
  const shown = found.split("\n").map(shortLine).join("\n");
  const marked = (result: ToolResult) => asStrangers(result, isFromStrangers(executed, context));
  switch (ending.kind) {
    case "exit":
      if (ending.code === 1) return done("(no match)");
      return ending.code === 0
        ? marked(done(shown))
        : marked(refused(`${shown}[grep: exit code ${ending.code}]`));
    case "timeout":
      return marked(refused(`${shown}\n[stopped after ${searchSeconds} s: search fewer files]`));
    case "aborted":
      return refused("stopped with the task");
    case "broken":
      return refused(`not run: ${ending.why}`);
  }
}

/** What was cut away lies in a file that is read later: then nobody looks for its owners any more. */
function isFromStrangers({ output }: Executed, { files }: ToolContext): boolean {
  const { head, tail, totalBytes } = output;
  const lines = Buffer.concat([head, tail]).toString("utf8").split("\n").filter(Boolean);
  return head.length + tail.length < totalBytes || hasStrangers(files, lines);
}

const shortLine = (line: string): string =>
  line.length <= lineChars ? line : `${line.slice(0, lineChars).toWellFormed()}…`;
