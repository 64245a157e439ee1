/**
 * `ledger_intact {}`: the spend ledger is a sound database, has every row that was ever written, and none of
 * those seen before has changed its place.
 *
 * Row ids are given in order from 1, so a deleted row is a gap, and deleted last rows are fewer than
 * remembered. A ledger that was taken away or begun anew is reported once: the new one is then what is
 * remembered, so that moving a damaged ledger aside mends it.
 */
import type { BuiltinCheck, Verdict } from "../../types.ts";
import { count, type LedgerReader, ledgerState, noLedger, withLedger } from "./ledger-file.ts";
import type { Places } from "./places.ts";
import { judge, pass } from "./verdicts.ts";

interface Memory {
  readonly inode: string;
  /** The state that was found sound. */
  readonly print: string;
  readonly last: number;
  /** When the call of row `last` was. */
  readonly at: number;
}

const remedy =
  "systemctl stop con-gateway.service; restore ledger.db from a backup, or move it aside: " +
  "the gateway begins a new one";

const wrong = (found: string, key: string): Verdict =>
  judge([{ found: `ledger: ${found}`, key: `ledger:${key}`, remedy }], "");

export const ledgerIntact =
  (places: Places): BuiltinCheck =>
  async (_args, { memory, remember }) => {
    const before = memory as Memory | null;
    const state = ledgerState(places);
    if (state === null) {
      if (before === null) return noLedger;
      remember(null);
      return wrong(`it is gone; it had ${before.last} rows`, "gone");
    }
    if (before?.print === state.print) return pass(`${before.last} rows, unchanged since checked`);
    const damaged = (why: string) => wrong(why, "damaged");
    return withLedger(places, damaged, (read) => {
      const last = lastOf(read);
      if (typeof last === "object") return last;
      const changed = before === null ? null : compare(read, before, state.inode, last);
      if (changed === null || before?.inode !== state.inode) {
        const { inode, print } = state;
        remember({ inode, print, last, at: atOf(read, last) } satisfies Memory);
      }
      return changed ?? pass(`${last} rows without a gap`);
    });
  };

/** Id of the last row of a sound table, which is also the number of rows; or what is wrong. */
function lastOf(read: LedgerReader): number | Verdict {
  const [check] = read("PRAGMA quick_check(1)");
  if (check?.["quick_check"] !== "ok") return wrong("quick_check finds it damaged", "damaged");
  const [sum] = read("SELECT count(*) AS rows, min(id) AS first, max(id) AS last FROM calls");
  const rows = count(sum?.["rows"]);
  const last = count(sum?.["last"]);
  if (rows === 0 || (sum?.["first"] === 1 && last === rows)) return last;
  return wrong(`${last - rows} of ${last} rows are missing`, "gap");
}

function compare(read: LedgerReader, before: Memory, inode: string, last: number): Verdict | null {
  if (inode !== before.inode)
    return wrong(`it is another file than before, with ${last} rows`, "new");
  if (last < before.last) return wrong(`it has ${last} rows and had ${before.last}`, "shrunk");
  return atOf(read, before.last) === before.at
    ? null
    : wrong(`row ${before.last} is not the one that it was`, "changed");
}

const atOf = (read: LedgerReader, id: number): number =>
  count(read("SELECT at_ms FROM calls WHERE id = ?", id)[0]?.["at_ms"]);
