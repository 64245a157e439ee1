/** What a run of code printed and how it ended, as a model reads it. */
import { join } from "node:path";
import { cutMiddle, safeText } from "../sandbox/output.ts";
import type { Printed, RunEnding, RunResult } from "../sandbox/throwaway/types.ts";
import { below } from "./files/reach.ts";
import { sinkWithin } from "./files/store.ts";
import type { ToolContext } from "./tool.ts";

/** What is longer than a reply is kept as far as it came back. */
export function printedText(
  result: RunResult,
  context: ToolContext,
  more: readonly string[],
): string {
  const { stdout, stderr } = result;
  const { replyChars } = context.shell;
  const said = stderr.totalBytes === 0 ? "" : `[standard error]\n${shown(stderr)}`;
  const whole = joined(shown(stdout), said);
  const body =
    whole.length <= replyChars
      ? whole
      : cutMiddle(whole, replyChars, `cut: what came back of it is in ${keep(whole, context)}`);
  const lines = [...more, `[${endingText(result)}]`, ...hints(result)];
  return joined(body, lines.join("\n"));
}

const joined = (first: string, second: string): string =>
  first === "" || first.endsWith("\n") || second === ""
    ? `${first}${second}`
    : `${first}\n${second}`;

function shown({ head, tail, totalBytes }: Printed): string {
  const left = totalBytes - head.length - tail.length;
  if (left <= 0) return safeText(Buffer.concat([head, tail]));
  return `${safeText(head)}\n[… ${left} of ${totalBytes} bytes left out …]\n${safeText(tail)}`;
}

function keep(text: string, { task, callId, files: { workspace } }: ToolContext): string {
  const path = join(workspace, ".con", "output", `${task.id}-${callId}.txt`);
  const sink = sinkWithin(below(workspace), path);
  try {
    sink.write(Buffer.from(text));
  } finally {
    sink.close();
  }
  return path;
}

function endingText({ ending, durationMs }: RunResult): string {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  if (ending.kind === "timeout")
    return `ended after ${ending.seconds} s, its time limit; outputs are not taken then`;
  const { code, signal } = ending as Extract<RunEnding, { kind: "exit" }>;
  const killed = signal === null ? "" : `: killed by signal ${signal}`;
  return `exit code ${code}${killed}; ${seconds}`;
}

const networkTrouble =
  /ENETUNREACH|EAI_AGAIN|EAFNOSUPPORT|Network is unreachable|name resolution|Address family not supported/;
const spaceTrouble = /ENOSPC|No space left on device/;

/** What somebody who does not know the sandbox would look for in vain. */
function hints({ stdout, stderr, outOfMemory, ending }: RunResult): string[] {
  const end = [stdout.head, stdout.tail, stderr.head, stderr.tail]
    .map((bytes) => bytes.toString("utf8"))
    .join("\n");
  const isKilled = ending.kind === "exit" && ending.signal === 9;
  return [
    ...(networkTrouble.test(end)
      ? ["[there is no network in here: use shell, where your network grants hold]"]
      : []),
    ...(spaceTrouble.test(end)
      ? ["[all files together may have 256 MB, those in /tmp 64 MB]"]
      : []),
    ...(outOfMemory || isKilled ? ["[it was killed, perhaps for too much memory]"] : []),
  ];
}
