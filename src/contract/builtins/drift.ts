/**
 * `drift`: the machine against what the latest bootstrap promised, kind by kind.
 *
 * Looks once in an evaluation however many contracts ask. Never: prints what a file holds.
 */
import { type Drift, drift } from "../../host/converge.ts";
import { type FactKind, factKinds } from "../../host/kinds.ts";
import { ConError } from "../../system/errors.ts";
import { printable } from "../../system/log.ts";
import type { BuiltinCheck, Verdict } from "../types.ts";

/** More of them are counted, not named. */
const named = 8;

/** One per evaluation: `look` is asked at most once. */
export function driftCheck(look: () => Promise<Drift[]> = () => drift()): BuiltinCheck {
  let seen: Promise<Drift[]> | null = null;
  return async (args) => {
    seen ??= look();
    const kinds = kindsOf(args["facts"]);
    try {
      return verdict(await seen, kinds);
    } catch (error) {
      // No snapshot, no systemd: it cannot be said that nothing drifted.
      if (!(error instanceof ConError)) throw error;
      return { state: "error", why: error.message };
    }
  };
}

function kindsOf(value: unknown): readonly FactKind[] {
  if (!Array.isArray(value)) return factKinds;
  return factKinds.filter((kind) => value.includes(kind));
}

function verdict(all: readonly Drift[], kinds: readonly FactKind[]): Verdict {
  const found = all.filter(({ kind }) => kinds.includes(kind));
  if (found.length === 0) return { state: "pass", found: `${kinds.join(", ")} as promised` };
  const lines = found.slice(0, named).map(({ name, why }) => printable(`${name}: ${why}`));
  const more = found.length > named ? `; and ${found.length - named} more` : "";
  const kindsFound = kinds.filter((kind) => found.some((one) => one.kind === kind));
  return {
    state: "fail",
    found: `${lines.join("; ")}${more}`,
    key: found.map(({ name, why }) => `${name}: ${why}`).join("\n"),
    remedy: `con verify, then con reapply ${kindsFound.join(" ")}`,
    agents: [...new Set(found.flatMap(({ agent }) => agent ?? []))].sort(),
  };
}
