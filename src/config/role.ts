/** roles/NAME/role.yaml, after its schema held: cross checks and defaults. Pure. */

import { approvalOf, type RawApproval } from "./approval.ts";
import { noBudget } from "./authority.ts";
import type { Broken } from "./broken.ts";
import { grantRoots, parseDuration, parseGrant, parseNetworkTarget } from "./grammar.ts";
import type { RawLimits } from "./raw-limits.ts";
import { brokenRoles, brokenSpawnTools, type RawSpawn, spawnOf, withSpawnTools } from "./spawn.ts";
import { allToolsNamed } from "./tool-groups.ts";
import type { ChildLayer, Role } from "./types.ts";

/** A role as its schema lets it through. */
export interface RawRole {
  readonly description: string;
  readonly model?: string;
  readonly can?: {
    readonly task?: readonly string[];
    readonly read?: readonly string[];
    readonly write?: readonly string[];
    readonly network?: readonly string[];
    readonly tools?: readonly string[];
    readonly models?: readonly string[];
    readonly spawn?: RawSpawn;
  };
  readonly limits?: RawLimits;
  readonly approval?: readonly RawApproval[];
  readonly cascade?: readonly ChildLayer[];
  readonly gpu?: boolean;
}

export interface RoleSurroundings {
  /** Aliases of con.yaml. */
  readonly models: readonly string[];
  /** Roles that have a role.yaml, also a refused one. */
  readonly known: ReadonlySet<string>;
}

export function readRolePart(
  raw: RawRole,
  { models, known }: RoleSurroundings,
): { readonly role: Role; readonly broken: readonly Broken[] } {
  const { can = {}, limits = {} } = raw;
  const spawn = spawnOf(can.spawn);
  const read = directories(can.read, "read");
  const write = directories(can.write, "write");
  const tools = withSpawnTools(allToolsNamed(can.tools ?? []), spawn);
  const waits = approvalOf(raw.approval, {
    tools: tools.includes("*") ? (raw.approval ?? []).map(toolOf) : tools,
    budget: noBudget,
    isRole: true,
  });
  const role: Role = {
    description: raw.description,
    model: raw.model ?? null,
    can: {
      task: sorted(can.task),
      read: read.found,
      write: write.found,
      network: sorted(can.network),
      tools: sorted(tools),
      models: sorted(can.models),
    },
    spawn,
    limits: {
      memory: limits.memory ?? null,
      cpu: limits.cpu ?? null,
      tasks: limits.tasks ?? null,
      runtimeSeconds: limits.runtime === undefined ? null : parseDuration(limits.runtime),
      steps: limits.steps ?? null,
      reviewEvery: limits.review_every ?? null,
      askAfter: limits.ask_after ?? null,
    },
    approval: waits.approval,
    ...(raw.cascade === undefined ? {} : { cascade: [...raw.cascade].sort() }),
    ...(raw.gpu === true ? { gpu: true } : {}),
  };
  const broken = [
    ...brokenModel(raw, models),
    ...brokenModels(can.models, models),
    ...read.broken,
    ...write.broken,
    ...(can.network ?? []).flatMap(brokenTarget),
    ...brokenRoles(can.spawn, known),
    ...brokenSpawnTools(can.tools ?? [], spawn),
    ...brokenRuntime(limits.runtime),
    ...waits.broken,
  ];
  return { role, broken };
}

const toolOf = (raw: RawApproval): string => (typeof raw === "string" ? raw : raw.tool);
const sorted = (list: readonly string[] = []): string[] => [...new Set(list)].sort();

function brokenModel({ model }: RawRole, models: readonly string[]): Broken[] {
  if (model === undefined || models.includes(model)) return [];
  const why = `there is no model alias ${model}`;
  return [{ path: ["model"], why, remedy: `the aliases of con.yaml are: ${models.join(", ")}` }];
}

const brokenModels = (list: readonly string[] = [], models: readonly string[]): Broken[] =>
  list.flatMap((alias, index) => {
    if (alias === "*" || models.includes(alias)) return [];
    const remedy = `expected "*" or an alias of con.yaml: ${models.join(", ")}`;
    return [{ path: ["can", "models", index], why: `there is no model alias ${alias}`, remedy }];
  });

function directories(
  list: readonly string[] = [],
  kind: "read" | "write",
): { readonly found: string[]; readonly broken: Broken[] } {
  const found: string[] = [];
  const broken: Broken[] = [];
  for (const [index, text] of list.entries()) {
    const grant = text === "*" ? { directory: text } : parseGrant(text, grantRoots[kind]);
    if ("directory" in grant) found.push(grant.directory);
    else {
      const remedy = `expected "*" or ${grantRoots[kind][0]}/x/**`;
      broken.push({ path: ["can", kind, index], why: grant.why, remedy });
    }
  }
  return { found: sorted(found), broken };
}

const brokenTarget = (text: string, index: number): Broken[] =>
  text === "*" || parseNetworkTarget(text) !== null
    ? []
    : [
        {
          path: ["can", "network", index],
          why: `${JSON.stringify(text)} is not a network target`,
          remedy: "expected HOST:PORT, ADDRESS/LEN:PORT, [IPV6/LEN]:PORT, *:PORT or *",
        },
      ];

const brokenRuntime = (runtime: string | undefined): Broken[] =>
  runtime === undefined || parseDuration(runtime) !== null
    ? []
    : [
        {
          path: ["limits", "runtime"],
          why: `${runtime} is more than a day`,
          remedy: "expected a time like 90s, 30min or 2h, at most 24h",
        },
      ];
