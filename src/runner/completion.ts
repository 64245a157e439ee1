/**
 * Makes the completion checks of a task, with no more rights than the agent's own tools have: files
 * through the tools' reach, commands in the tools' sandbox.
 *
 * Never: throws for what a check finds, or says that a check passed which could not be made. Nothing
 * remains after a crash; the checks are made again, so a command may run twice.
 */

import { setImmediate as turn } from "node:timers/promises";
import type { Completion } from "../agent/run.ts";
import { reasonOf } from "../system/errors.ts";
import type {
  CheckResult,
  CompletionCheck,
  DoneWhen,
  JsonSchema,
} from "../task/done-when/types.ts";
import { Denied } from "../tools/files/reach.ts";
import { showsStrangers } from "../tools/files/strangers.ts";
import type { ToolContext } from "../tools/tool.ts";
import { bareAnswer } from "./completion/bare.ts";
import { commandCheck } from "./completion/command.ts";
import { keyCheck, pathCheck, textCheck } from "./completion/files.ts";
import { createMatches, type Matches, patternVerdict } from "./completion/pattern.ts";
import { failed, type Made, notMade } from "./completion/verdict.ts";

type CheckContext = Omit<ToolContext, "callId" | "signal">;

/** Rounds of a sender who is not verified: each of them takes this agent's time, and its model's. */
const strangersRounds = 1;

export interface CompletionWorld {
  /** Names of the tools that the manifest grants without waiting for people. */
  readonly tools: readonly string[];
  readonly context: CheckContext;
}

export const createCompletion = (doneWhen: DoneWhen, world: CompletionWorld): Completion => ({
  rounds: world.context.task.trust === "verified" ? doneWhen.rounds : strangersRounds,
  refusal: refusalOf(doneWhen, world),
  get untrusted() {
    return showsStrangers(world.context.files, world.context.shell);
  },
  publish: (answer) => bareAnswer(doneWhen, answer),
  async evaluate(raw, signal) {
    const answer = bareAnswer(doneWhen, raw);
    const results: CheckResult[] = [];
    const context = { ...world.context, matches: createMatches() };
    for (const check of doneWhen.checks) {
      // Patterns and big files hold up this process for a moment: control files get their turn.
      await turn();
      const made = signal.aborted
        ? notMade("the task was stopped before this check")
        : await makeSafely(check, answer, context, signal);
      results.push({ name: check.name, ...made });
    }
    return results;
  },
});

/**
 * A check is made without the model's judgement, and its result goes to the sender. A stranger could
 * have any command run that the model would refuse, and could ask about files bit by bit ("does a line
 * begin with a, with b, …"). So a sender who is not verified, other agents included, may only demand
 * something of the answer, which he gets anyway. And nobody gets a shell from an agent without one.
 */
function refusalOf({ checks }: DoneWhen, { tools, context }: CompletionWorld): string | null {
  const kinds = new Set(checks.map(({ probe }) => probe.kind));
  const [strange] = [...kinds].filter((kind) => !ofAnswer.has(kind));
  if (context.task.trust !== "verified" && strange !== undefined)
    return [
      "a sender who is not verified may demand completion checks of the answer only",
      `(${[...ofAnswer].join(", ")}), not ${strange}`,
    ].join(" ");
  if (kinds.has("command") && !tools.includes("shell"))
    return "its completion checks run commands, and this agent has no tool shell without approval";
  return null;
}

const ofAnswer: ReadonlySet<string> = new Set(["answer_matches", "answer_json"]);

type MakeContext = CheckContext & { readonly matches: Matches };

async function makeSafely(
  check: CompletionCheck,
  answer: string,
  context: MakeContext,
  signal: AbortSignal,
): Promise<Made> {
  try {
    return await make(check, answer, context, signal);
  } catch (error) {
    if (error instanceof Denied) return notMade(error.message);
    // The disk, or a bug of ours: whichever, the check was not made.
    return notMade(`internal error: ${reasonOf(error)}`);
  }
}

function make(
  { probe, timeoutSeconds }: CompletionCheck,
  answer: string,
  context: MakeContext,
  signal: AbortSignal,
): Made | Promise<Made> {
  switch (probe.kind) {
    case "path_exists":
    case "path_not_exists":
      return pathCheck(probe, context.files);
    case "regex_in_file":
    case "no_regex_in_file":
      return textCheck(probe, context.files, context.matches);
    case "json_key":
    case "yaml_key":
      return keyCheck(probe, context.files, context.matches);
    case "command":
      return commandCheck(probe, timeoutSeconds, context, signal);
    case "answer_matches":
      return patternVerdict(context.matches(probe.pattern, answer), (found) =>
        found ? null : failed("the answer does not match"),
      );
    case "answer_json":
      return answerCheck(probe.schema, answer);
  }
}

/** Loads the validator for the few tasks that want one. */
async function answerCheck(schema: JsonSchema, answer: string): Promise<Made> {
  const { jsonCheck } = await import("./completion/json.ts");
  return jsonCheck(schema, answer);
}
