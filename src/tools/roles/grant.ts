/** Whether an agent may use a model alias, and what it is told when it may not. Pure. */
import { amendHow, manifestRule } from "../denial.ts";
import type { ModelGrants } from "../desks.ts";
import type { Denial } from "../result.ts";
import type { ToolContext } from "../tool.ts";

/** Everybody's where con.yaml has it: what is summed up was paid for before. */
export const summarizer = "summarizer";

export const mayUse = ({ own, granted, windows }: ModelGrants, alias: string): boolean =>
  alias === own ||
  granted.includes(alias) ||
  (alias === summarizer && Object.hasOwn(windows, summarizer));

type Asker = Pick<ToolContext, "agent" | "asksForGrants">;

/** Null: it may. */
export function modelDenial(asker: Asker, models: ModelGrants, alias: string): Denial | null {
  if (mayUse(models, alias)) return null;
  const asked = `model ${alias}`;
  const rule = manifestRule(asker.agent, "can.models");
  const end = Object.hasOwn(models.ended, alias) ? models.ended[alias] : undefined;
  if (end !== undefined)
    return {
      code: "expired",
      asked,
      rule: `${rule}: ${alias} until ${new Date(end).toISOString()}`,
      how: amendHow(asker, "a later until"),
    };
  const listed = models.granted.join(", ") || "none";
  return {
    code: "not_granted",
    asked,
    rule: `${rule}, which lists: ${listed}`,
    how: amendHow(asker, `can.models: [${alias}], an alias of con.yaml`),
  };
}
