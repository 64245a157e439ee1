/** Gives a task to another agent. Its answer comes back later, as a new task of this agent. */
import { notSent, text } from "./answer.ts";
import type { Tool } from "./tool.ts";

export const sendTask: Tool = {
  name: "send_task",
  description:
    "Gives a task to another agent. Returns at once with the id of the task; the other agent works on " +
    "its own, and its answer reaches you later as a new task. Write everything it needs to know: " +
    "it does not see this conversation. Do not wait for the answer; finish your own task. When you " +
    "need the answer for this task, use ask_agent instead.",
  parameters: {
    type: "object",
    properties: {
      agent: {
        type: "string",
        minLength: 1,
        description: "Name of the agent, as `agents` lists it",
      },
      text: { type: "string", minLength: 1, description: "The task, complete in itself" },
    },
    required: ["agent", "text"],
    additionalProperties: false,
  },
  parallel: false,
  async run(args, { peers }) {
    const sent = peers.send(text(args, "agent"), text(args, "text"));
    if (!sent.ok) return notSent(sent);
    return { ok: true, text: `sent to ${sent.to} as task ${sent.id}`, sent: sent.id };
  },
};
