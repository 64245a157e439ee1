/** What an incident wants done, as requests to the steward. Pure. */
import { type FactKind, factKinds } from "../host/kinds.ts";
import type { StewardRequest } from "../steward/types.ts";
import type { WantedAction } from "./incident.ts";
import type { ContractSet } from "./types.ts";

const maxWhy = 500;

/** One request for each agent, or one for the whole system. */
export function requestsOf(wanted: WantedAction, set: ContractSet): StewardRequest[] {
  const { incident, action, agents } = wanted;
  const why = `${incident.contract} ${incident.check}: ${incident.evidence}`
    .replace(/\s+/g, " ")
    .slice(0, maxWhy);
  const base = { version: 1, why, incident: incident.id } as const;
  switch (action) {
    case "kill_session":
    case "quarantine":
      return agents.map((agent) => ({ ...base, verb: action, agent }));
    case "halt_workers":
      return [{ ...base, verb: "halt", scope: "workers" }];
    case "halt_agents":
      return [{ ...base, verb: "halt", scope: "agents" }];
    case "reapply":
      return [{ ...base, verb: "reapply", facts: factsOf(wanted, set) }];
  }
}

/** What the check looked at: other drift is other contracts' business. Empty = all. */
function factsOf({ incident }: WantedAction, { contracts }: ContractSet): readonly FactKind[] {
  const contract = contracts.find(({ id }) => id === incident.contract);
  const probe = contract?.checks.find(({ name }) => name === incident.check)?.probe;
  const facts = probe?.kind === "builtin" ? probe.with["facts"] : [];
  return Array.isArray(facts) ? factKinds.filter((kind) => facts.includes(kind)) : [];
}
