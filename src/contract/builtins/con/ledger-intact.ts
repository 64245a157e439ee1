/**
 * `ledger_intact {}`: the spend ledger is a sound database, has every row that was ever written, and none of
 * those seen before has changed its place.
 *
 * Row ids are given in order from 1, so a deleted row is a gap, and deleted last rows are fewer than
 * remembered. A ledger that was taken away or begun anew is reported once: the new one is then what is
 * remembered, so that moving a damaged ledger aside mends it.
 *
 * SQLite's own check holds up this process, about 4 s for a GB. A large ledger is therefore read row by row in
 * slices instead, a part at each evaluation that finds it changed, and again from the begin after the end:
 * damage in the table is found so, damage in an index only when the gateway uses it.
 */
import { setImmediate as turn } from "node:timers/promises";
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
  /** Of a large ledger: the last row that was read through. */
  readonly read: number;
}

const largeBytes = 64 << 20;
const slice = 50_000;
const slicesAtOnce = 20;

const remedy =
  "systemctl stop con-gateway.service; restore ledger.db from a backup, or move it aside: " +
  "the gateway begins a new one";

const wrong = (found: string, key: string): Verdict =>
  judge([{ found: `ledger: ${found}`, key: `ledger:${key}`, remedy }], "");

export const ledgerIntact =
  (places: Places): BuiltinCheck =>
  async (_args, { memory, remember, signal }) => {
    const before = memory as Memory | null;
    const state = ledgerState(places);
    if (state === null) {
      if (before === null) return noLedger;
      remember(null);
      return wrong(`it is gone; it had ${before.last} rows`, "gone");
    }
    if (before?.print === state.print) return pass(`${before.last} rows, unchanged since checked`);
    const damaged = (why: string) => wrong(why, "damaged");
    return withLedger(places, damaged, async (read) => {
      const large = isLarge(read);
      if (!large && !isSound(read)) return wrong("quick_check finds it damaged", "damaged");
      const last = lastOf(read);
      if (typeof last === "object") return last;
      const goesOn = before?.inode === state.inode && before.read < before.last;
      const from = goesOn ? before.read : 0;
      const to = large ? await readThrough(read, from, last, signal) : last;
      const changed = before === null ? null : compare(read, before, state.inode, last);
      if (changed === null || before?.inode !== state.inode) {
        const { inode, print } = state;
        remember({ inode, print, last, at: atOf(read, last), read: to } satisfies Memory);
      }
      return changed ?? pass(`${last} rows without a gap`);
    });
  };

const isSound = (read: LedgerReader): boolean =>
  read("PRAGMA quick_check(1)")[0]?.["quick_check"] === "ok";

function isLarge(read: LedgerReader): boolean {
  const pages = count(read("PRAGMA page_count")[0]?.["page_count"]);
  return pages * count(read("PRAGMA page_size")[0]?.["page_size"]) > largeBytes;
}

/** Reads all of some rows behind `from`, and throws where SQLite cannot. How far it came. */
async function readThrough(
  read: LedgerReader,
  from: number,
  last: number,
  signal: AbortSignal,
): Promise<number> {
  let at = from;
  for (let n = 0; n < slicesAtOnce && at < last && !signal.aborted; n += 1) {
    const to = Math.min(at + slice, last);
    read("SELECT total(length(model) + latency_ms) FROM calls WHERE id > ? AND id <= ?", at, to);
    at = to;
    await turn();
  }
  return at;
}

/** Id of the last row, which is also the number of rows; or what is wrong. */
function lastOf(read: LedgerReader): number | Verdict {
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
