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
import type { AgentRuntime } from "../config/runtime.ts";
import type { ApprovalRule } from "../config/types.ts";
import { ruleFor } from "../config/when.ts";
import { isStewardTool } from "../steward/approvals/tools.ts";
import { denied } from "../tools/denial.ts";
import type { ToolResult } from "../tools/result.ts";
import { type AskedCall, approvalId, askedCall } from "./approval/call.ts";
import { pathReader } from "./approval/paths.ts";
import {
  type AskingWorld,
  askPeople,
  blankQuestion,
  decisionOn,
  graceMs,
  tell,
  whoseWord,
} from "./approval/question.ts";

export interface ApprovalWorld extends AskingWorld {
  readonly agent: Pick<AgentRuntime, "name" | "approval">;
  readonly paths: { readonly workspace: string };
}

/** Must come before gates that count: it is asked twice for a call that waits. */
export function approvalGate(world: ApprovalWorld, task: { readonly id: string }): Gate {
  const { approval } = world.agent;
  return async (call) => {
    // The steward holds those by itself, whoever asks it.
    if (isStewardTool(call.tool)) return null;
    const readPath = pathReader(call.tool, world.paths.workspace);
    const rule = ruleFor(approval, call.tool, { args: call.args, readPath });
    // A call that waited has its answer, also if a path in it names another place by now.
    return rule === null && call.woken === null ? null : decide(world, task.id, call, rule);
  };
}

async function decide(
  world: ApprovalWorld,
  task: string,
  call: GatedCall,
  rule: Rule | null,
): Promise<ToolResult | null> {
  const asked = askedCall(call.tool, call.args);
  const id = approvalId(world.agent.name, task, call.callId, asked);
  const asking = { task, id, what: `tool ${call.tool}`, woken: call.woken };
  const decision = decisionOn(world, asking);
  if (decision.kind === "no") return refuse(call.tool, decision.why);
  if (decision.kind === "yes" || rule === null) return null;
  tell(world, asking, "asked");
  return ask(world, { id, task, callId: call.callId, asked, rule });
}

type Rule = Pick<ApprovalRule, "approvers" | "expirySeconds">;

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
  readonly rule: Rule;
}

async function ask(
  world: ApprovalWorld,
  { id, task, callId, asked, rule }: Question,
): Promise<ToolResult> {
  const end = world.now() + rule.expirySeconds * 1000;
  const expires = new Date(end).toISOString();
  const { approvers } = rule;
  const question = { ...blankQuestion, ...asked, task, call: callId, expires, approvers };
  const sent = await askPeople(world, id, question);
  if (sent.kind === "not-asked") return refuse(asked.tool, sent.why);
  const why = `waits for ${whoseWord(rule.approvers)} approval: con approvals show ${id}`;
  return { ok: false, text: why, hold: { waitFor: [id], until: end + graceMs, why } };
}
