/** What the end of a program means for its check. Pure. What cannot be told is an error, never a pass. */
import { matches } from "../builtins/generic/bounded.ts";
import type { ProgramProbe } from "../evaluate.ts";
import type { Verdict } from "../types.ts";
import { evidence, stableLine } from "./text.ts";
import { resultBytes, type Said } from "./wrapper.ts";

export interface Ran {
  readonly said: Said;
  /** What the sandbox or systemd said outside the program. */
  readonly complaint: string;
  readonly aborted: boolean;
}

export function judge(probe: ProgramProbe, timeoutSeconds: number, ran: Ran): Verdict {
  const { said } = ran;
  if (ran.aborted) return unanswered(timeoutSeconds, said);
  if (!said.begun) {
    const why = evidence(ran.complaint, 300) || "nothing is known of why";
    return broken(`the sandbox of the check could not be set up: ${why}`);
  }
  if (said.runCode === null) return broken(`it was killed${quoted(said.output)}`);
  if (probe.kind === "script") return judgeExit(said.runCode, 0, said.output);
  return judgeCommand(probe, said, said.runCode);
}

const broken = (why: string): Verdict => ({ state: "error", why });

function unanswered(seconds: number, { output, result }: Said): Verdict {
  return broken(`no answer within ${seconds} s${quoted(result || output)}`);
}

type CommandProbe = Extract<ProgramProbe, { readonly kind: "command" }>;

function judgeCommand(probe: CommandProbe, said: Said, code: number): Verdict {
  const looks = probe.test !== null || probe.outputMatches !== null;
  if (!looks || probe.exitCode !== null) {
    const verdict = judgeExit(code, probe.exitCode ?? 0, `${said.output}${said.result}`);
    if (verdict.state !== "pass" || !looks) return verdict;
  } else if (couldNotRun(code)) {
    // Its empty output would otherwise prove whatever the test wants.
    return broken(`the command ended with ${ending(code)}${quoted(said.output)}`);
  }
  if (said.long) return broken(`its output is longer than ${resultBytes / 1024} KiB`);
  return judgePattern(probe, said) ?? judgeTest(probe, said);
}

function judgeExit(code: number, wanted: number, output: string): Verdict {
  if (code === wanted) return { state: "pass", found: evidence(output, 120) || ending(code) };
  if (couldNotRun(code)) return broken(`it ended with ${ending(code)}${quoted(output)}`);
  const found = `${ending(code)}, wanted ${ending(wanted)}${quoted(output)}`;
  return fails(found, `exit ${code}: ${stableLine(output)}`);
}

/** 126 and 127: the shell could not start it; above 128: a signal ended it. */
const couldNotRun = (code: number): boolean => code === 126 || code === 127 || code > 128;

function ending(code: number): string {
  if (code === 126) return "exit 126 (not executable)";
  if (code === 127) return "exit 127 (no such program)";
  return code > 128 ? `signal ${code - 128}` : `exit ${code}`;
}

function judgePattern({ outputMatches }: CommandProbe, said: Said): Verdict | null {
  if (outputMatches === null) return null;
  const answer = matches(outputMatches, said.result);
  if (answer.kind === "error") return broken(answer.why);
  if (answer.kind === "yes") return null;
  const found = `the output does not match ${outputMatches}${quoted(said.result)}`;
  return fails(found, `no match: ${stableLine(said.result)}`);
}

function judgeTest({ test }: CommandProbe, said: Said): Verdict {
  const result = evidence(said.result, 200) || "nothing";
  if (test === null || said.testCode === 0) return { state: "pass", found: result };
  if (said.testCode === null || couldNotRun(said.testCode)) {
    const how = said.testCode === null ? "it was killed" : ending(said.testCode);
    return broken(`the test could not be made: ${how}${quoted(said.testOutput)}`);
  }
  const found = `$RESULT was ${result}; the test says no: ${evidence(test, 150)}`;
  const detail = `${said.testOutput}${said.output}`;
  return fails(`${found}${quoted(detail)}`, `test ${said.testCode}: ${stableLine(said.result)}`);
}

const quoted = (text: string): string => (text.trim() === "" ? "" : `: ${evidence(text)}`);

function fails(found: string, key: string): Verdict {
  return { state: "fail", found: evidence(found), key, remedy: null, agents: [] };
}
