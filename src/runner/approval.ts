/**
 * The gate before tools that wait for people: asks the steward, holds the task, and lets exactly the call
 * that was approved run.
 *
 * This is the runner's own discipline: it keeps a model, or whoever speaks through it, from calling a
 * listed tool. A runner that was taken over is bound by its unit, its uid and the steward, not by this.
 * What an agent asks of the steward is therefore held by the steward itself (steward/approvals.ts).
 *
 * Asked again after a crash it asks the same question under the same id, which the steward takes as one.
 * Never: lets a call run when the steward cannot be asked, or on the word of anybody but root.
 */
import type { Gate, GatedCall } from "../agent/gate.ts";
import type { AgentRuntime, ApprovalRule } from "../config/types.ts";
import { isStewardTool } from "../steward/approvals/tools.ts";
import type { AskPlaces } from "../steward/ask.ts";
import type { StewardRequest } from "../steward/types.ts";
import type { Disk } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import type { HoldAnswer } from "../task/hold.ts";
import { denied } from "../tools/denial.ts";
import type { ToolResult } from "../tools/tool.ts";
import { type AskedCall, approvalId, askedCall } from "./approval/call.ts";

export interface ApprovalWorld {
  readonly disk: Disk;
  readonly now: () => number;
  readonly agent: Pick<AgentRuntime, "name" | "approval">;
  /** Where the steward is asked; its own places if not given. */
  readonly places?: AskPlaces;
  /** For the audit trail. */
  readonly heard?: (event: ApprovalEvent) => void;
}

export interface ApprovalEvent {
  readonly kind: "approval";
  readonly task: string;
  readonly state: "asked" | "approved" | "denied" | "expired";
  /** Of the question. */
  readonly id: string;
  readonly what: string;
}

/** So much longer than people have: an answer of the last second still finds the task waiting. */
const graceMs = 15_000;

/** Must come before gates that count: it is asked twice for a call that waits. */
export function approvalGate(world: ApprovalWorld, task: { readonly id: string }): Gate {
  const { approval } = world.agent;
  return async (call) => {
    // The steward holds those by itself, whoever asks it.
    if (isStewardTool(call.tool)) return null;
    const rule = approval.find(({ tool }) => tool === call.tool);
    return rule === undefined ? null : decide(world, task.id, call, rule);
  };
}

async function decide(
  world: ApprovalWorld,
  task: string,
  call: GatedCall,
  rule: ApprovalRule,
): Promise<ToolResult | null> {
  const asked = askedCall(call.tool, call.args);
  const id = approvalId(world.agent.name, task, call.callId, asked);
  const answer = call.woken?.answers.find(({ to, from }) => to === id && from === "root");
  const tell = (state: ApprovalEvent["state"]): void =>
    world.heard?.({ kind: "approval", task, state, id, what: `tool ${call.tool}` });
  if (answer !== undefined) {
    const refused = verdict(answer, call.tool);
    tell(refused === null ? "approved" : "denied");
    return refused;
  }
  const over = call.woken?.over ?? null;
  tell(over === null ? "asked" : "expired");
  if (over !== null) return refuse(call.tool, `nobody approved it: ${over}`);
  return ask(world, { id, task, callId: call.callId, asked, rule });
}

/** The first line says how it ended, the rest why; anything but a plain yes is a no. */
function verdict({ text }: HoldAnswer, tool: string): ToolResult | null {
  const [first = "", ...rest] = text.split("\n");
  if (first.trim() === "done") return null;
  return refuse(tool, rest.join(" ").trim() || first.trim() || "no reason was given");
}

const refuse = (tool: string, why: string): ToolResult =>
  denied({
    code: "approval_denied",
    asked: `tool ${tool}`,
    rule: `a call of ${tool} waits for a person, and this one was not approved: ${why}`,
    how: "do not try to reach the same by another way: go on without it, or say what you need and why",
  });

interface Question {
  readonly id: string;
  readonly task: string;
  readonly callId: string;
  readonly asked: AskedCall;
  readonly rule: ApprovalRule;
}

/** The steward's code is loaded only where somebody is asked. */
async function ask(
  world: ApprovalWorld,
  { id, task, callId, asked, rule }: Question,
): Promise<ToolResult> {
  const { submit } = await import("../steward/ask.ts");
  const end = world.now() + rule.expirySeconds * 1000;
  const request: StewardRequest = {
    version: 1,
    verb: "ask_approval",
    why: "",
    incident: null,
    ...asked,
    task,
    call: callId,
    expires: new Date(end).toISOString(),
  };
  const { disk, places } = world;
  try {
    const { id: waitFor } = submit(disk, request, { id, ...(places && { places }) });
    // Somebody else holds our id: an answer to another one would not be found again.
    if (waitFor !== id) return refuse(asked.tool, `its request ${id} was taken by somebody else`);
    const people = rule.approvers === 1 ? "a person's" : `${rule.approvers} people's`;
    const why = `waits for ${people} approval: con approvals show ${id}`;
    return { ok: false, text: why, hold: { waitFor: [id], until: end + graceMs, why } };
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return refuse(asked.tool, `nobody can be asked (${error.why})`);
  }
}
