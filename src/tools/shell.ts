/**
 * Runs a command line in the sandbox. Never: returns while a process of the call is alive, or
 * loses output: what is too long for the reply lies in a file that the model can read.
 */
import { join } from "node:path";
import type { Command, Ending, Executed } from "../sandbox/exec.ts";
import { cutMiddle, type Sink, safeText } from "../sandbox/output.ts";
import { answering, numberOr, refused, text } from "./answer.ts";
import { below } from "./files/reach.ts";
import { sinkWithin } from "./files/store.ts";
import { asStrangers, showsStrangers } from "./files/strangers.ts";
import type { ToolResult } from "./result.ts";
import type { Tool, ToolContext } from "./tool.ts";

export const shell: Tool = {
  name: "shell",
  description:
    "Runs a bash command line in your workspace and returns its output (stdout and stderr together) " +
    "and how it ended. It runs in a sandbox: it sees the workspace, /usr and the folders granted " +
    "to you; no state survives except files in the workspace. No input can be given, and nothing " +
    "goes on running after the call. Long output is shortened and kept whole in a file.",
  parameters: {
    type: "object",
    properties: {
      command: { type: "string", minLength: 1, description: "Command line for bash -c" },
      timeout_seconds: {
        type: "number",
        exclusiveMinimum: 0,
        description: "Killed after this time; the output until then is returned",
      },
    },
    required: ["command"],
    additionalProperties: false,
  },
  parallel: false,
  async run(args, context) {
    const command = text(args, "command");
    if (command.includes("\0")) return refused("a command cannot contain a NUL character");
    const output = outputOf(context);
    const executed = await context.execute(
      { argv: ["/bin/bash", "-c", command], timeoutSeconds: timeout(args, context), output },
      context.signal,
    );
    const { files, shell: policy } = context;
    return asStrangers(
      answering(context, () => describe(executed, policy.replyChars, output.open)),
      showsStrangers(files, policy),
    );
  },
};

function timeout(args: Readonly<Record<string, unknown>>, { shell: policy }: ToolContext): number {
  const wanted = numberOr(args, "timeout_seconds", policy.defaultTimeoutSeconds);
  return Math.min(wanted, policy.maxTimeoutSeconds);
}

/** Up to four bytes make a character, so head and tail are never shorter than the reply. */
const bytesPerChar = 4;

export function outputOf(context: ToolContext): Command["output"] {
  const { workspace } = context.files;
  const name = `${context.task.id}-${context.callId}.txt`;
  return {
    headBytes: context.shell.replyChars * bytesPerChar,
    tailBytes: context.shell.replyChars * bytesPerChar,
    maxBytes: context.shell.outputBytes,
    open: () => sinkWithin(below(workspace), join(workspace, ".con", "output", name)),
  };
}

function describe(executed: Executed, limit: number, open: () => Sink): ToolResult {
  const { ending } = executed;
  const body = shorten(executed, limit, open);
  return {
    ok: ending.kind === "exit" && ending.code === 0,
    text: `${body}${body === "" || body.endsWith("\n") ? "" : "\n"}[${endingText(ending)}]`,
  };
}

function endingText(ending: Ending): string {
  switch (ending.kind) {
    case "exit":
      return ending.code > 128 && ending.code <= 192
        ? `exit code ${ending.code}: killed by signal ${ending.code - 128}${killedHint(ending.code)}`
        : `exit code ${ending.code}`;
    case "timeout":
      return `killed after ${ending.seconds} s, its time limit; this is the output until then`;
    case "aborted":
      return "killed because the task was stopped; it may have done part of its work";
    case "broken":
      return `not run: ${ending.why}`;
  }
}

const killedHint = (code: number): string =>
  code === 137 ? ", perhaps because it used too much memory" : "";

/** Head and tail of the output; in between, what was left out and where all of it is. */
export function shorten({ output }: Executed, limit: number, open: () => Sink): string {
  const { head, tail, totalBytes, keptBytes, trouble } = output;
  const known = Buffer.concat([head, tail]);
  const shown = safeText(known);
  if (known.length === totalBytes && shown.length <= limit) return shown;
  if (trouble !== null) return cutMiddle(shown, limit, `output cut, and not kept: ${trouble}`);
  const path = output.path ?? keep(known, open);
  const whole = keptBytes === totalBytes || output.path === null;
  const part = whole ? "all of it" : `the first ${keptBytes} bytes`;
  return cutMiddle(shown, limit, `cut: ${totalBytes} bytes of output, ${part} in ${path}`);
}

/** Longer than the reply, but short enough to have stayed in memory. */
function keep(bytes: Buffer, open: () => Sink): string {
  const sink = open();
  try {
    sink.write(bytes);
  } finally {
    sink.close();
  }
  return sink.path;
}
