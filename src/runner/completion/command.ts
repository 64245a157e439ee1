/**
 * Checks that run a command: as the agent's own tool `shell` does, in the same sandbox with the same
 * limits. Never: makes shell text out of data; what `run` said reaches `test` as a variable.
 */
import type { Ending, Executed } from "../../sandbox/exec.ts";
import { safeText } from "../../sandbox/output.ts";
import type { CompletionProbe } from "../../task/done-when/types.ts";
import { headOf } from "../../task/text.ts";
import type { ToolContext } from "../../tools/tool.ts";
import type { Matches } from "./pattern.ts";
import { failed, type Made, notMade, passed } from "./verdict.ts";

type CommandProbe = Extract<CompletionProbe, { readonly kind: "command" }>;
type Context = Pick<ToolContext, "execute" | "shell"> & { readonly matches: Matches };

/** Bytes of output that are looked at from either end; execve(2) takes no variable of 128 KiB. */
const keptBytes = 64 * 1024;
/** Characters of output in the evidence: the last ones, where programs say what went wrong. */
const shownChars = 700;

/** `run` and `test` have `seconds` each. */
export async function commandCheck(
  probe: CommandProbe,
  seconds: number,
  context: Context,
  signal: AbortSignal,
): Promise<Made> {
  const shell = (script: string, environment: Readonly<Record<string, string>>) =>
    execute(script, environment, seconds, context, signal);
  const made = await shell(probe.run, {});
  const wrong = judgeRun(probe, made, context.matches);
  if (wrong !== null) return wrong;
  if (probe.test === null) return passed("exit code 0");
  const result = resultOf(made);
  const tested = await shell(probe.test, { RESULT: result });
  if (tested.ending.kind !== "exit") return notMade(`test: ${broken(tested.ending)}`);
  if (tested.ending.code === 0) return passed("the test holds");
  const said = outputOf(tested);
  const about = `$RESULT was: ${tail(result) || "(empty)"}`;
  return failed(`test: exit code ${tested.ending.code}; ${about}${said === "" ? "" : `\n${said}`}`);
}

const execute = (
  script: string,
  environment: Readonly<Record<string, string>>,
  seconds: number,
  { execute: run, shell }: Context,
  signal: AbortSignal,
): Promise<Executed> =>
  run(
    {
      argv: ["/bin/bash", "-c", script],
      timeoutSeconds: Math.min(seconds, shell.maxTimeoutSeconds),
      environment,
      // Nothing is kept on disk, so there is nothing to open.
      output: { headBytes: keptBytes, tailBytes: keptBytes, maxBytes: 0, open: noFile },
    },
    signal,
  );

function noFile(): never {
  throw new Error("the output of a check is not kept");
}

/** What is wrong with `run` itself, or null. */
function judgeRun(
  { exitCode, test, outputMatches }: CommandProbe,
  made: Executed,
  matches: Matches,
): Made | null {
  const { ending } = made;
  if (ending.kind !== "exit") return notMade(`${broken(ending)}${said(made)}`);
  const wanted = exitCode ?? (test === null ? 0 : null);
  if (wanted !== null && ending.code !== wanted) {
    const instead = wanted === 0 ? "" : `, wanted ${wanted}`;
    return failed(`exit code ${ending.code}${instead}${said(made)}`);
  }
  if (outputMatches === null) return null;
  const found = matches(outputMatches, textOf(made));
  if (typeof found === "string") return notMade(found);
  return found ? null : failed(`the output does not match${said(made)}`);
}

function broken(ending: Exclude<Ending, { readonly kind: "exit" }>): string {
  switch (ending.kind) {
    case "timeout":
      return `it was killed after ${ending.seconds} s`;
    case "aborted":
      return "it was stopped with the task";
    case "broken":
      return `it could not be run: ${ending.why}`;
  }
}

const textOf = ({ output }: Executed): string =>
  Buffer.concat([output.head, output.tail]).toString("utf8");

/** As `$(…)` gives it: no NUL, no newlines at the end. */
const resultOf = (made: Executed): string =>
  withoutLastNewlines(headOf(textOf(made).replaceAll("\0", ""), keptBytes));

/** Not a regular expression: those take the square of the time for many newlines in the middle. */
function withoutLastNewlines(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}

const tail = (text: string): string =>
  text.length <= shownChars ? text : `…${text.slice(-shownChars).toWellFormed()}`;

const outputOf = ({ output }: Executed): string =>
  tail(safeText(Buffer.concat([output.head, output.tail])).trimEnd());

const said = (made: Executed): string => {
  const text = outputOf(made);
  return text === "" ? "" : `:\n${text}`;
};
