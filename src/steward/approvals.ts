/**
 * What waits for a person: asked by agents, decided by people, done by the steward.
 *
 * Who enforces what. The steward: who asked and who decides are owners of request files, as the kernel
 * says; how many people it takes and how long they have is the manifest as root compiled it; a request to
 * the steward that was held is done by the steward itself, from its own copy, so nobody can have another
 * one done instead. The runner of the agent: that a listed tool is not called before, and which of several
 * rules for a tool holds for a call. A runner that was taken over can call a tool anyway, as far as its unit
 * and uid allow, and what it says about the call is its word alone.
 *
 * After a crash anywhere the request that was at work is done again: a question that is there stays, a
 * decision that is there stays, and what is not settled yet is settled then. Never: an end that changes,
 * an approval of the one who asked, or a second answer.
 */
import { continueTool } from "../config/brakes.ts";
import type { ApprovalRule } from "../config/types.ts";
import { ruleFor } from "../config/when.ts";
import { toolArguments } from "./approvals/arguments.ts";
import { askingAgent, begun, hold, type Terms } from "./approvals/hold.ts";
import { toolOfVerb } from "./approvals/tools.ts";
import type { Proposed, RequestSubject } from "./approvals/types.ts";
import type { Requester } from "./policy.ts";
import type { StewardRequest } from "./types.ts";
import { type Deed, isDeed, refused } from "./verb.ts";
import type { StewardWorld } from "./world.ts";

type ToolRequest = Extract<StewardRequest, { readonly verb: "ask_approval" }>;

/** An agent's runner wants to call a tool that its manifest lists. */
export function askForTool(
  world: StewardWorld,
  request: ToolRequest,
  by: Requester,
  id: string,
): Deed {
  const agent = askingAgent(world, by);
  if (isDeed(agent)) return agent;
  if (request.tool === continueTool && !world.spending.hasTask(agent.name, request.task))
    return refused(`${agent.name} has no task ${request.task} at work`);
  const terms = termsOf(rulesOf(world, agent.name), request);
  if (terms === null)
    return refused(`tool ${request.tool} of ${agent.name} waits for nobody: see its manifest`);
  const { tool, arguments_sha256, arguments_bytes, preview, task, call } = request;
  const subject = { tool, arguments_sha256, arguments_bytes, preview, task, call };
  return hold(world, {
    ...begun(world, id, by, agent.name, terms, request.expires),
    subject: { kind: "tool", ...subject },
  });
}

/** Only the runner knows the arguments. Which rule it names is its word; a number that none has is not. */
function termsOf(rules: readonly ApprovalRule[], { tool, approvers }: ToolRequest): Terms | null {
  const all = rules.filter((rule) => rule.tool === tool);
  const meant = all.filter((rule) => rule.approvers === approvers);
  const found = meant.length > 0 ? meant : all;
  if (found.length === 0) return null;
  return {
    approvers: Math.max(...found.map((rule) => rule.approvers)),
    expirySeconds: Math.max(...found.map(({ expirySeconds }) => expirySeconds)),
  };
}

/**
 * Puts a request of an agent aside until a person approves it. Its answer is given then, and to the
 * agent too; the caller must not answer it now. `reasons` say in words what goes too far.
 */
export function holdForApproval(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  id: string,
  reasons: readonly string[],
  proposal?: Proposed,
): Deed {
  const agent = askingAgent(world, by);
  if (isDeed(agent)) return agent;
  const subject: RequestSubject = {
    ...{ kind: "request", verb: request.verb, request, reasons },
    ...(proposal === undefined ? {} : { proposal }),
  };
  return hold(world, {
    ...begun(world, id, by, agent.name, listed(world, agent.name, request), waitsUntil(request)),
    subject,
  });
}

/** Nobody waits for temporary agents after their deadline. */
const waitsUntil = (request: StewardRequest): string | null =>
  request.verb === "spawn" ? request.deadline : null;

/** A request whose tool the agent's own manifest lists waits like a call of it; null for all others. */
export function holdListed(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  id: string,
): Deed | null {
  const agent = world.agents().find(({ uid }) => uid === by.uid);
  if (by.kind !== "agent" || agent === undefined) return null;
  // It always waits, once the steward has looked at it (verbs/propose.ts).
  const isProposal = ["propose", "share_tool"].includes(request.verb);
  if (isProposal || listed(world, agent.name, request) === null) return null;
  const tool = toolOfVerb[request.verb];
  const reason = `its manifest lists ${tool} under approval; what is beyond its ceiling goes with it`;
  return holdForApproval(world, request, by, id, [reason]);
}

const rulesOf = (world: StewardWorld, agent: string): readonly ApprovalRule[] =>
  world.runtime(agent)?.approval ?? [];

function listed(world: StewardWorld, agent: string, request: StewardRequest): Terms | null {
  const tool = toolOfVerb[request.verb];
  if (tool === undefined) return null;
  return ruleFor(rulesOf(world, agent), tool, { args: toolArguments(request) });
}
