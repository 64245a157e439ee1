/**
 * Tools by which an agent asks for more than it has: a grant for itself, packages for the machine. Each call
 * holds its task until the steward has answered, which for a grant is after a person has decided.
 *
 * Never: decides anything. What was granted holds from the next call on: the runner starts anew with it.
 */
import { text, textOr } from "./answer.ts";
import { ask, oneLine } from "./steward.ts";
import type { Tool } from "./tool.ts";

const keys: Readonly<Record<string, string>> = {
  task: "task",
  read: "read",
  write: "write",
  network: "network",
  tool: "tools",
  model: "models",
};

const why = {
  type: "string",
  minLength: 1,
  maxLength: 500,
  description: "What you need it for, in one line: a person decides by it",
} as const;

export const requestGrant: Tool = {
  name: "request_grant",
  description:
    "Asks for a right that you lack, e.g. after a call was denied. A person decides, and your task waits at " +
    "no cost. Ask for the least that does the job, and for no longer than it takes. The result begins " +
    "with done, refused or failed. After done, make the call again; after refused, go on without it.",
  parameters: {
    type: "object",
    properties: {
      kind: {
        type: "string",
        enum: Object.keys(keys),
        description:
          "task: give tasks to an agent. read, write: a directory. network: connect. tool: use a tool. model: use another model",
      },
      what: {
        type: "string",
        minLength: 1,
        maxLength: 300,
        description:
          "The agent, the directory with all below it, HOST:PORT, the tool, or the alias",
      },
      for: {
        type: "string",
        pattern: "^[1-9][0-9]{0,3}(s|min|h|d)$",
        description: "How long, e.g. 30min, 2h or 7d (default: for good)",
      },
      uses: {
        type: "integer",
        minimum: 1,
        maximum: 1_000_000,
        description: "Of a tool: how many calls in all, those that you made before included",
      },
      why,
    },
    required: ["kind", "what", "why"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const [kind, what] = [text(args, "kind"), text(args, "what")];
    const span = textOr(args, "for", "");
    const bounds = {
      ...(span === "" ? {} : { for: span }),
      ...(typeof args["uses"] === "number" ? { uses: args["uses"] } : {}),
    };
    const entry = Object.keys(bounds).length === 0 ? what : { [what]: bounds };
    const request = { verb: "grant", agent: context.agent, can: { [keys[kind] ?? kind]: [entry] } };
    return ask(context, { ...request, why: oneLine(args, "why") }, `a grant: ${kind}`);
  },
};

export const installPackage: Tool = {
  name: "install_package",
  description:
    "Asks for packages of the operating system. Only those that a person has listed are installed, and " +
    "perhaps a person decides: then your task waits at no cost. The result begins with done, refused or failed.",
  parameters: {
    type: "object",
    properties: {
      packages: {
        type: "array",
        minItems: 1,
        maxItems: 32,
        uniqueItems: true,
        items: { type: "string", pattern: "^[a-z0-9][a-z0-9+.-]{1,100}$" },
        description: "Names of packages",
      },
      why,
    },
    required: ["packages", "why"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const request = { verb: "install", packages: args["packages"], why: oneLine(args, "why") };
    return ask(context, request, "packages");
  },
};
