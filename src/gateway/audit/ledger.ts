/**
 * A ledger that tells the audit trail of every call that ended. It writes nothing of its own, and changes
 * nothing that the ledger says.
 */
import type { Audit } from "../audit.ts";
import type { Ledger, LedgerCall } from "../ledger.ts";

export function audited(ledger: Ledger, audit: Pick<Audit, "call">): Ledger {
  /** Calls under way: as many as the queue lets through. */
  const open = new Map<number, LedgerCall>();
  return {
    ...ledger,
    add: (row) => {
      ledger.add(row);
      audit.call(row);
    },
    reserve: (call, ...rest) => {
      const made = ledger.reserve(call, ...rest);
      if ("id" in made) open.set(made.id, call);
      return made;
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
