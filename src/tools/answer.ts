/** Small words that all tools share: results, and how a refusal becomes one. */
import { amendHow, denied, manifestRule } from "./denial.ts";
import { Denied, type Refusal } from "./files/reach.ts";
import type { SendResult } from "./policies.ts";
import type { Denial, ToolResult } from "./result.ts";
import type { ToolContext } from "./tool.ts";

export const done = (text: string): ToolResult => ({ ok: true, text });
export const refused = (text: string): ToolResult => ({ ok: false, text });

/** Why a task could not be sent. */
export const notSent = ({ why, denial }: Extract<SendResult, { ok: false }>): ToolResult =>
  denial === undefined ? refused(why) : denied(denial);

/** Runs `act`; what the policy or the path forbids is told to the model. */
export function answering(context: Asker, act: () => ToolResult): ToolResult {
  try {
    return act();
  } catch (error) {
    return refusal(context, error);
  }
}

export async function answeringLater(
  context: Asker,
  act: () => Promise<ToolResult>,
): Promise<ToolResult> {
  try {
    return await act();
  } catch (error) {
    return refusal(context, error);
  }
}

type Asker = Pick<ToolContext, "agent" | "asksForGrants" | "files">;

/** A path that is of no use, e.g. because nothing is there, is no denial: no rule forbids it. */
export function refusal(context: Asker, error: unknown): ToolResult {
  if (!(error instanceof Denied)) throw error;
  return error.refusal === null
    ? refused(error.message)
    : denied(pathDenial(context, error.refusal));
}

function pathDenial(asker: Asker, refusal: Refusal): Denial {
  const { agent, files } = asker;
  const { code, use, path, roots, ended } = refusal;
  const rule = manifestRule(agent, `can.${use}`);
  const asked = `${use} ${path}`;
  const add = amendHow(asker, `its directory in can.${use}`);
  switch (code) {
    case "bad_path":
      return {
        code,
        asked,
        rule: "no manifest opens this place",
        how: `what you may ${use} is in ${roots.join(", ")}`,
      };
    case "kernel":
      return {
        code,
        asked,
        rule: "owner, mode, access list or mount of that path",
        how: `work in ${files.workspace}, or, if ${rule} does not list it, ${add}`,
      };
    case "expired":
      return {
        code,
        asked,
        rule: `${rule}: ${ended?.directory} until ${new Date(ended?.at ?? 0).toISOString()}`,
        how: amendHow(asker, "a later until"),
      };
    case "not_granted":
      return {
        code,
        asked,
        rule: `${rule}; it is outside what you may use here: ${roots.join(", ")}`,
        how: add,
      };
  }
}

/** Arguments were validated against the schema before; this only gives them their type. */
export const text = (args: Readonly<Record<string, unknown>>, key: string): string =>
  String(args[key]);

export const textOr = (
  args: Readonly<Record<string, unknown>>,
  key: string,
  otherwise: string,
): string => (typeof args[key] === "string" ? args[key] : otherwise);

export const numberOr = (
  args: Readonly<Record<string, unknown>>,
  key: string,
  otherwise: number,
): number => (typeof args[key] === "number" ? args[key] : otherwise);
