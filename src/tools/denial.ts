/**
 * A refusal as a value: what was asked, which rule says no, and how to ask for it. Pure.
 *
 * The model reads it as one line; journal and audit keep it whole. Never: names what the agent does not
 * know already: no link's target, no path of another agent, no content of a file.
 */
import { safeText } from "../sandbox/output.ts";
import type { Denial, ToolResult } from "./result.ts";

const maxPart = 600;

/** Comes from a model in part: one line, without control characters, of bounded length. */
function plain(part: string): string {
  const line = safeText(Buffer.from(part)).replaceAll(/[\n\t\u2028\u2029]+/g, " ");
  return line.length <= maxPart ? line : `${line.slice(0, maxPart).toWellFormed()}…`;
}

/** For people: `con trace` and logs. What does not fit the shape is shown as far as it goes. */
export function denialLine({ code, asked, rule, how }: Denial): string {
  return `denied (${plain(String(code))}): ${plain(String(asked))}; rule: ${plain(String(rule))}; ${plain(String(how))}`;
}

/** The result of a call that was refused. */
export const denied = (denial: Denial): ToolResult => ({
  ok: false,
  text: denialLine(denial),
  denial: {
    code: denial.code,
    asked: plain(denial.asked),
    rule: plain(denial.rule),
    how: plain(denial.how),
  },
});

/** The rule of a manifest, as people find it. */
export const manifestRule = (agent: string, key: string): string =>
  `${key} in /etc/con/agents.d/${agent}.yaml`;

/** Who is refused, as far as it matters for what it can do about that. */
export interface Asker {
  readonly agent: string;
  readonly asksForGrants?: boolean;
}

/** How to get it: a person decides, whom the agent asks itself where it can, or else somebody for it. */
export const amendHow = (asker: Asker, change: string): string =>
  asker.asksForGrants === true
    ? `to get it, call request_grant, and a person decides: ${change}`
    : `to get it, ask the sysadmin to amend ${asker.agent}: ${change}`;
