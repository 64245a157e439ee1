/** Asks about the memory of an agent, as the agent (shared/ask-as-agent.ts). */
import { agentPaths } from "../../spool/layout.ts";
import { askAsAgent, type Run } from "../shared/ask-as-agent.ts";
import type { Io } from "../shared/io.ts";
import { answer } from "./answer.ts";
import type { Asked, MemoryRequest } from "./request.ts";

export const askMemory = (
  io: Io,
  name: string,
  request: MemoryRequest,
  more: { readonly by?: Run; readonly isInstalled?: boolean } = {},
): Promise<unknown> =>
  askAsAgent<Asked>(io, name, {
    what: "memory",
    argv: ["memory", "answer"],
    asked: ({ runtime }) => ({
      state: agentPaths(runtime.root, name).state,
      by: io.env["SUDO_USER"] ?? `uid-${io.uid}`,
      request,
    }),
    answer: (asked) => answer(asked, io.now),
    ...more,
  });
