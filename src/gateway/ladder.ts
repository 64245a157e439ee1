/**
 * From an alias to the upstream models that may answer it, in order; and what a caller is told when
 * all of them failed. Pure.
 */
import type { GatewayCaller, GatewayRuntime } from "../config/runtime.ts";
import type { ModelAlias, Provider } from "../config/types.ts";
import { isTemporary, type Problem, problem } from "./problem.ts";

export type Rung =
  | { readonly kind: "reflex"; readonly label: "builtin/reflex" }
  | {
      readonly kind: "upstream";
      /** `provider/model`, as the record and the ledger show it. */
      readonly label: string;
      readonly provider: Provider;
      readonly providerName: string;
      /** Upstream model id; `*` = the first that the endpoint lists. */
      readonly model: string;
    };

export type Ladder =
  | {
      readonly ok: true;
      readonly alias: string;
      readonly entry: ModelAlias;
      readonly rungs: readonly Rung[];
    }
  | { readonly ok: false; readonly problem: Problem };

export const mayUse = (caller: GatewayCaller, alias: string): boolean =>
  caller.models.includes("*") || caller.models.includes(alias);

export function ladderOf(runtime: GatewayRuntime, caller: GatewayCaller, alias: unknown): Ladder {
  if (typeof alias !== "string") return no(400, "`model` is missing: name an alias of con.yaml");
  const entry = Object.hasOwn(runtime.models, alias) ? runtime.models[alias] : undefined;
  if (entry === undefined || !mayUse(caller, alias)) {
    const known = Object.keys(runtime.models).filter((name) => mayUse(caller, name));
    const grant = entry === undefined ? "" : ": can.models in its manifest does not list it";
    return no(
      404,
      `there is no model alias "${alias.slice(0, 80)}" for ${caller.name}${grant}; it may use: ${known.join(", ")}`,
    );
  }
  const rungs = entry.use.map((label) => rungOf(runtime, label)).filter((rung) => rung !== null);
  return rungs.length > 0
    ? { ok: true, alias, entry, rungs }
    : no(503, `alias "${alias}" names no usable model: see \`con model list\``);
}

function rungOf(runtime: GatewayRuntime, label: string): Rung | null {
  if (label === "builtin/reflex") return { kind: "reflex", label };
  const slash = label.indexOf("/");
  const providerName = label.slice(0, slash);
  const provider = Object.hasOwn(runtime.providers, providerName)
    ? runtime.providers[providerName]
    : undefined;
  if (slash < 1 || provider === undefined) return null;
  return { kind: "upstream", label, provider, providerName, model: label.slice(slash + 1) };
}

const no = (status: number, message: string): Ladder => ({
  ok: false,
  problem: problem(status, message),
});

/** Several rungs failed. One that may pass makes the whole worth another try. */
export function worstOf(
  failures: readonly { readonly label: string; readonly problem: Problem }[],
): Problem {
  const message = failures
    .map(({ label, problem: { message } }) => `${label}: ${message}`)
    .join("; ");
  const passing = failures.map(({ problem: one }) => one).filter(isTemporary);
  const first = passing[0] ?? failures[0]?.problem;
  if (first === undefined) return problem(503, "no model was tried");
  const waits = passing.flatMap(({ retryAfterSeconds: wait }) => (wait === null ? [] : [wait]));
  const wait = waits.length === 0 ? null : Math.min(...waits);
  return problem(first.status, message, passing.length === waits.length ? wait : null);
}
