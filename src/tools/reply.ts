/** Tells the agent that sent the current task something before the task is finished. */
import { done, notSent, text } from "./answer.ts";
import type { Tool } from "./tool.ts";

export const reply: Tool = {
  name: "reply",
  description:
    "Sends an interim message to the agent that sent the current task, before you are finished. Your " +
    "final answer is delivered by itself, so most tasks need no reply. People read the final " +
    "answer only.",
  parameters: {
    type: "object",
    properties: { text: { type: "string", minLength: 1, description: "The message" } },
    required: ["text"],
    additionalProperties: false,
  },
  parallel: false,
  async run(args, { peers }) {
    const sent = peers.reply(text(args, "text"));
    return sent.ok ? done(`sent to ${sent.to} as task ${sent.id}`) : notSent(sent);
  },
};
