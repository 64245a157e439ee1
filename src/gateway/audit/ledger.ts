/**
 * A ledger that tells the audit trail of every call that ended, and of every one that it refused. It writes
 * nothing of its own, and changes nothing that the ledger says.
 */
import type { Audit } from "../audit.ts";
import type { Ledger, LedgerCall } from "../ledger.ts";

export function audited(ledger: Ledger, audit: Pick<Audit, "call" | "denied">): Ledger {
  /** Calls under way: as many as the queue lets through. */
  const open = new Map<number, LedgerCall>();
  const refused = ({ uid, agent, task, alias }: LedgerCall): void =>
    audit.denied({ uid, name: agent }, { code: "over_budget", asked: `model ${alias}`, task });
  return {
    ...ledger,
    add: (row) => {
      ledger.add(row);
      audit.call(row);
    },
    reserve: (call, ...rest) => {
      const made = ledger.reserve(call, ...rest);
      if ("id" in made) open.set(made.id, call);
      else refused(call);
      return made;
    },
    extend: (id, call, ...rest) => {
      const found = ledger.extend(id, call, ...rest);
      if (found !== null) refused(call);
      return found;
    },
    settle: (id, end, basis) => {
      const call = open.get(id);
      open.delete(id);
      try {
        ledger.settle(id, end, basis);
      } finally {
        if (call !== undefined) audit.call({ ...call, ...end });
      }
    },
  };
}
