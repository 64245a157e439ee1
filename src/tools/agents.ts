/** Lists the agents of this system, as far as this one may know them. */
import { done } from "./answer.ts";
import type { PeerInfo } from "./policies.ts";
import type { Tool } from "./tool.ts";

export const agents: Tool = {
  name: "agents",
  description:
    "Lists all agents of this system: name, tier, what each does, whether you may give it tasks, and " +
    "what it is doing as far as you may see.",
  parameters: { type: "object", properties: {}, additionalProperties: false },
  parallel: true,
  run: async (_, context) =>
    done(
      context.peers
        .list()
        .map((peer) => line(peer, context.agent))
        .join("\n"),
    ),
};

function line(peer: PeerInfo, self: string): string {
  const reach = peer.reachable ? "you may task it" : "you may not task it";
  const relation = peer.name === self ? "this is you" : reach;
  const waiting = peer.pending === 0 ? "" : `, ${peer.pending} waiting`;
  return `- ${peer.name} (${peer.tier}): ${peer.description} [${peer.state}${waiting}; ${relation}]`;
}
