/**
 * Tools that ask the steward: for a new agent, another manifest, the end of an agent, a stop. Each call holds
 * its task until the steward has answered; the answer is its result. The same call made again asks once.
 *
 * Never: decides what may be asked. The steward does, by the manifest of the agent that asks.
 */
import { refused, text, textOr } from "./answer.ts";
import type { ToolResult } from "./result.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** What goes beyond an agent's ceiling waits for a person, who may be away for a day. */
const patienceMs = 25 * 3_600_000;

type Request = Readonly<Record<string, unknown>> & { readonly verb: string };

export async function ask(
  { steward, callId, now }: ToolContext,
  request: Request,
  why: string,
): Promise<ToolResult> {
  if (steward === undefined)
    return refused("there is no steward here: this is no installed system");
  const until = now() + patienceMs;
  const asked = await steward(request, callId, { until, why });
  if (!asked.ok) return refused(asked.why);
  const hold = { waitFor: [asked.id], until, why: `${why} (${asked.id})` };
  return { ok: true, text: `asked the steward: request ${asked.id}`, hold };
}

const outcomes =
  "The result begins with done, refused or failed. What you may not give away yourself waits for a " +
  "person, and so does your task, at no cost.";

const manifest = {
  type: "string",
  minLength: 1,
  maxLength: 65_536,
  description:
    "YAML: name, description, tier (worker unless there is a reason), can {task, read, write, network, " +
    "tools, models}, and if needed model, limits, budget, schedule, instructions",
} as const;

const instructions = {
  type: "string",
  maxLength: 65_536,
  description:
    "Markdown that the agent gets in addition to what all agents get: its job, at most a page",
} as const;

const agent = {
  type: "string",
  pattern: "^[a-z][a-z0-9-]{0,30}$",
  description: "Name of the agent",
} as const;

/** Where it was thought of, as whoever decides is told. */
export const originOf = ({ task: { id, from, trust, tainted }, callId }: ToolContext) => ({
  ...{ task: id, call: callId, from: oneLine({ from }, "from").slice(0, 200), trust },
  tainted: tainted === true,
});

/** One line, as the records have it. */
export const oneLine = (args: Readonly<Record<string, unknown>>, key: string): string =>
  textOr(args, key, "")
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .slice(0, 500)
    .toWellFormed();

const optional = (args: Readonly<Record<string, unknown>>, key: string) =>
  typeof args[key] === "string" ? { [key]: args[key] } : {};

export const commissionAgent: Tool = {
  name: "commission_agent",
  description:
    `Commissions a new agent from a manifest: user, directories, rights, units, all at once. ${outcomes} ` +
    "You may give the new agent tasks afterwards.",
  parameters: {
    type: "object",
    properties: { manifest, instructions },
    required: ["manifest"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const request = { verb: "commission", manifest: text(args, "manifest"), why: "" };
    return ask(context, { ...request, ...optional(args, "instructions") }, "a new agent");
  },
};

export const amendAgent: Tool = {
  name: "amend_agent",
  description: `Gives an agent that you commissioned another manifest, the whole of it. ${outcomes}`,
  parameters: {
    type: "object",
    properties: { agent, manifest, instructions },
    required: ["agent", "manifest"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const name = text(args, "agent");
    const request = { verb: "amend", agent: name, manifest: text(args, "manifest"), why: "" };
    return ask(context, { ...request, ...optional(args, "instructions") }, `amending ${name}`);
  },
};

export const retireAgent: Tool = {
  name: "retire_agent",
  description: `Ends an agent that you commissioned for good; its data is archived. ${outcomes}`,
  parameters: {
    type: "object",
    properties: {
      agent,
      why: { type: "string", maxLength: 500, description: "One line for the records" },
    },
    required: ["agent"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const name = text(args, "agent");
    const request = { verb: "retire", agent: name, why: oneLine(args, "why") };
    return ask(context, request, `the end of ${name}`);
  },
};

const verbs: Readonly<Record<string, string>> = {
  pause: "pause",
  resume: "resume",
  kill: "kill_session",
  quarantine: "quarantine",
};

export const controlAgent: Tool = {
  name: "control_agent",
  description:
    "Stops an agent or lets it go on. pause: no work until resumed. kill: ends what it does now; its task " +
    "is taken up again. quarantine: cuts it off at once, for a person to examine. resume: only what you " +
    `stopped yourself. ${outcomes}`,
  parameters: {
    type: "object",
    properties: {
      agent,
      action: { type: "string", enum: Object.keys(verbs), description: "What to do" },
      why: {
        type: "string",
        minLength: 1,
        maxLength: 500,
        description: "One line for the records",
      },
    },
    required: ["agent", "action", "why"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const name = text(args, "agent");
    const action = text(args, "action");
    const request = { verb: verbs[action] ?? action, agent: name, why: oneLine(args, "why") };
    return ask(context, request, `${action} ${name}`);
  },
};
