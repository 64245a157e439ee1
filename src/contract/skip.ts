/** Says why a contract has nothing to check on this machine (`skip_if`). Looks; changes nothing. */
import { findCommand, isThere } from "./builtins/generic/look.ts";
import type { SkipIf } from "./types.ts";

/** The first condition that holds, in words, or null. A condition that cannot be told does not skip. */
export function skipReason(
  conditions: readonly SkipIf[],
  environment: NodeJS.ProcessEnv,
): string | null {
  for (const condition of conditions) {
    const reason = reasonOf(condition, environment);
    if (reason !== null) return reason;
  }
  return null;
}

function reasonOf(condition: SkipIf, environment: NodeJS.ProcessEnv): string | null {
  switch (condition.kind) {
    case "command_not_available":
      return findCommand(condition.value) === null ? `there is no ${condition.value} here` : null;
    case "env_var_unset":
      return (environment[condition.value] ?? "") === "" ? `${condition.value} is not set` : null;
    case "path_not_exists":
      return isThere(condition.value) === "no" ? `there is no ${condition.value}` : null;
    case "not_in_ci":
      return (environment["CI"] ?? "") === "" ? "this is no CI run" : null;
  }
}
