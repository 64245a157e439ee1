/**
 * A request to the steward as a call of the tool that makes such requests, so that conditions of approval rules
 * mean the same whoever drops it. Pure. What has no counterpart is absent, and absent counts as matching.
 */
import { partsOf } from "../grants.ts";
import type { GrantLists, StewardRequest } from "../types.ts";

export function toolArguments(request: StewardRequest): Readonly<Record<string, unknown>> {
  switch (request.verb) {
    case "commission":
      return { manifest: request.manifest, ...instructionsOf(request) };
    case "amend": {
      const { agent, manifest } = request;
      return { agent, manifest, ...instructionsOf(request) };
    }
    case "retire":
      return { agent: request.agent, why: request.why };
    case "pause":
    case "resume":
    case "kill_session":
    case "quarantine": {
      const { agent, why, verb } = request;
      return { agent, why, action: verb === "kill_session" ? "kill" : verb };
    }
    case "spawn": {
      const [role, ...others] = [...new Set(request.children.map((child) => child.role))];
      return others.length > 0 ? {} : { role };
    }
    case "propose":
      return { target: request.target, why: request.why };
    case "share_tool":
      return { name: request.tool, reason: request.why };
    case "install_layer":
      return { packages: [request.package], why: request.why };
    case "grant":
      return grantArguments(request.can);
    default:
      return {};
  }
}

const toolKinds: Readonly<Record<string, string>> = { tools: "tool", models: "model" };

/** The tool asks for one entry at a time. */
function grantArguments(can: GrantLists): Readonly<Record<string, unknown>> {
  const entries = Object.entries(can).flatMap(([key, list]) =>
    list.map((entry) => ({ key, ...partsOf(entry) })),
  );
  const [first, ...more] = entries;
  if (first === undefined || more.length > 0) return {};
  const { key, text, bounds } = first;
  return { kind: toolKinds[key] ?? key, what: text, for: bounds.for, uses: bounds.uses };
}

const instructionsOf = ({ instructions }: { readonly instructions?: string }) =>
  instructions === undefined ? {} : { instructions };
