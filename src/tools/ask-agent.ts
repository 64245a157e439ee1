/**
 * Asks another agent and waits for its answer, at no cost: the task is held until the answer comes. The
 * same call made again after a crash asks nobody twice.
 */
import { notSent, refused, text, textOr } from "./answer.ts";
import { timeoutMs, timeoutParameter } from "./timeout.ts";
import type { Tool } from "./tool.ts";

export const askAgent: Tool = {
  name: "ask_agent",
  description:
    "Asks another agent and waits: its answer is the result of this call. Waiting costs nothing, and " +
    "your task goes on when the answer is there, or when the time is over. Write everything it needs " +
    "to know: it does not see this conversation. Several calls in one turn are waited for together.",
  parameters: {
    type: "object",
    properties: {
      agent: {
        type: "string",
        minLength: 1,
        description: "Name of the agent, as `agents` lists it",
      },
      message: { type: "string", minLength: 1, description: "The question, complete in itself" },
      timeout: timeoutParameter,
    },
    required: ["agent", "message"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  async run(args, { peers, callId, now }) {
    const timeout = textOr(args, "timeout", "1h");
    const ms = timeoutMs(timeout);
    if (ms === null) return refused(`timeout ${timeout} is none: use e.g. 30min, at most 24h`);
    const until = now() + ms;
    const sent = peers.ask(text(args, "agent"), text(args, "message"), { callId, until });
    if (!sent.ok) return notSent(sent);
    const hold = { waitFor: [sent.id], until, why: `${sent.to}'s answer` };
    return { ok: true, text: `asked ${sent.to}`, sent: sent.id, hold, untrusted: true };
  },
};
