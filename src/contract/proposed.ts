/**
 * A contract that an agent proposes about itself: whether it is one, and how it looks now. Only built-in checks that look
 * at agents, at this one alone; they only say what they find, to people and to the sysadmin agent.
 *
 * Never: runs a command or script of it, reads a path that it names, or takes an action on anybody.
 */
import { evaluate, isFailing } from "./evaluate.ts";
import { parseContract } from "./parse.ts";
import type { BuiltinCheck, Check, Contract, HealthRuntime, Result } from "./types.ts";

/** They look at queue, answers, runner and memory of agents; what they take is a number. */
const allowed: ReadonlySet<string> = new Set([
  "queue_age",
  "runner_stuck",
  "poison_waiting",
  "outbox_complete",
  "memory_whole",
]);

export interface Proposed {
  readonly agent: string;
  /** Of `contract:NAME`. */
  readonly name: string;
  /** Absolute, where it will lie. */
  readonly file: string;
  readonly text: string;
}

export interface LookParts {
  readonly health: HealthRuntime;
  readonly builtins: ReadonlyMap<string, BuiltinCheck>;
  readonly now: () => number;
}

export type Looked =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly why: string };

export async function lookAtProposed(proposed: Proposed, parts: LookParts): Promise<Looked> {
  const { contract, problems } = parseContract({ path: proposed.file, text: proposed.text });
  const [problem] = problems;
  if (contract === null || problem !== undefined) {
    const {
      line = 1,
      column = 1,
      key = "",
      why = "it is no contract",
      remedy = "",
    } = problem ?? {};
    const what = key === "" ? why : `${key}: ${why}`;
    return { ok: false, why: `contract.yaml:${line}:${column}: ${what}: ${remedy}` };
  }
  const trouble = beyond(contract, proposed) ?? firstOf(contract.checks.map(beyondOfCheck));
  if (trouble !== null) return { ok: false, why: `contract.yaml: ${trouble}` };
  const memory = new Map<string, unknown>();
  const results = await evaluate([contract], {
    ...parts,
    runProgram: async () => ({ state: "error", why: "programs are not run here" }),
    concurrency: 1,
    memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, value) },
    failing: new Set(),
    environment: {},
  });
  return { ok: true, lines: linesOf(contract, results) };
}

const firstOf = (all: readonly (string | null)[]): string | null =>
  all.find((one) => one !== null) ?? null;

const idOf = (agent: string, name: string): string => `own.${agent}.${name}`;

/** What an agent may not say, or null. */
function beyond(contract: Contract, { agent, name }: Proposed): string | null {
  const id = idOf(agent, name);
  if (contract.id !== id) return `id: it must be ${id}`;
  if (contract.agent !== agent) return `scope: it must be agent:${agent}: it is about you alone`;
  if (contract.type !== "detective") return "type: leave it out";
  if (contract.checks.length === 0) return "checks: it says nothing to check";
  if (contract.dependsOn.length > 0) return "depends_on: leave it out";
  return contract.skipIf.length > 0 ? "skip_if: leave it out" : null;
}

function beyondOfCheck({ name, probe, onFail, skipIf }: Check): string | null {
  if (probe.kind !== "builtin" || !allowed.has(probe.name))
    return `${name}: only these checks can be proposed: ${[...allowed].join(" ")}; ask a person for others`;
  if (onFail.action !== "alert") return `${name}: on_fail: the action must be alert`;
  if (onFail.escalate !== null && onFail.escalate !== "sysadmin")
    return `${name}: on_fail: escalate must be sysadmin or none`;
  return (skipIf ?? []).length > 0 ? `${name}: skip_if: leave it out` : null;
}

function linesOf(
  { everySeconds, severity, checks }: Contract,
  results: readonly Result[],
): string[] {
  const often =
    everySeconds === null ? "at each run of the healthcheck" : `every ${everySeconds} s`;
  const told = checks.some(({ onFail }) => onFail.escalate !== null);
  const failing = results.filter(({ verdict }) => isFailing(verdict)).length;
  return [
    `a contract of severity ${severity}, looked at ${often}; it alerts${told ? ", also the sysadmin agent" : ""}`,
    ...results.map(
      ({ check, verdict }) =>
        `looked once: ${check}: ${verdict.state}: ${"why" in verdict ? verdict.why : verdict.found}`,
    ),
    ...(failing === 0 ? [] : [`WOULD FAIL AT ONCE: ${failing} of ${results.length} checks`]),
  ];
}
