/** Asks about the forged tools of an agent, as the agent (shared/ask-as-agent.ts). */
import type { SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import { askAsAgent } from "../shared/ask-as-agent.ts";
import type { Io } from "../shared/io.ts";
import { loadSystem } from "../shared/system.ts";
import { answer } from "./answer.ts";
import type { Asked, ToolRequest } from "./request.ts";

/** Tests run one after the other, each within the limits of its tool. */
const longestMs = 20 * 60_000;

export const askTools = (io: Io, agent: string, request: ToolRequest): Promise<unknown> =>
  askAsAgent<Asked>(
    io,
    agent,
    {
      what: "tools",
      argv: ["tool", "answer"],
      asked: ({ runtime }) => ({ tools: agentPaths(runtime.root, agent).tools, request }),
      answer: (asked) => answer(asked),
    },
    longestMs,
  );

/** Of those that all may share. */
export const sharedPath = ({ root }: SystemRuntime): string => agentPaths(root, "none").sharedTools;

/** The agent that was named, or the front desk. */
export const agentOr = (io: Io, named: string | undefined): string =>
  named ?? loadSystem(io.env).runtime.frontDesk;
