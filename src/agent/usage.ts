/**
 * What a tool call spends on models: counted as they answer, whatever the tool says or does. Pure but for the
 * count. After a crash within the call only the gateway's ledger knows.
 */
import type { Tally } from "../task/task.ts";
import type { AskModel } from "../tools/desks.ts";
import type { ModelUsage, ToolResult } from "../tools/result.ts";
import type { ToolContext } from "../tools/tool.ts";

export const noUsage: ModelUsage = { input: 0, output: 0, costUsd: 0 };

export interface Counting {
  /** To be put over the context of the call. */
  readonly context: Pick<ToolContext, "ask">;
  /** With what was spent until now. */
  readonly settle: (result: ToolResult) => ToolResult;
}

export function counting(ask: AskModel | undefined): Counting {
  if (ask === undefined) return { context: {}, settle: (result) => result };
  let spent: ModelUsage | null = null;
  const counted: AskModel = async (question, signal) => {
    const answer = await ask(question, signal);
    spent = addUsage(spent ?? noUsage, answer.usage);
    return answer;
  };
  return {
    context: { ask: counted },
    settle: (result) => (spent === null ? result : { ...result, usage: spent }),
  };
}

export const addUsage = (a: ModelUsage, b: ModelUsage): ModelUsage => ({
  input: a.input + b.input,
  output: a.output + b.output,
  costUsd: a.costUsd + b.costUsd,
});

/** The task's model and its steps stay what they were. */
export const withUsage = (tally: Tally, usage: ModelUsage | undefined): Tally =>
  usage === undefined
    ? tally
    : {
        ...tally,
        tokens: {
          input: tally.tokens.input + usage.input,
          output: tally.tokens.output + usage.output,
        },
        costUsd: tally.costUsd + usage.costUsd,
      };
