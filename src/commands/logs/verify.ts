/** `con logs --verify`: every record that is a hash chain, from its first line. Reads only. */
import { join } from "node:path";
import { agentsHeadIn } from "../../contract/builtins/logs-chain.ts";
import { type HealthState, readState } from "../../contract/state.ts";
import { healthState } from "../../host/paths.ts";
import { type ChainCheck, type ChainHead, verifyChain } from "../../system/chain.ts";
import { nodeDisk } from "../../system/disk.ts";
import { type ExitCode, exit } from "../../system/errors.ts";
import { isDenied } from "../shared/access.ts";
import { type ChainName, type ChainPlace, chainPlaces } from "../shared/chains.ts";
import type { Io } from "../shared/io.ts";
import { safeJson, safeLine } from "../shared/text.ts";

/** Elements of `con logs --verify --json`, `verify[]`: public interface, change only by adding. */
interface Verified {
  readonly chain: ChainName;
  /** Null where nothing may be read. */
  readonly ok: boolean | null;
  readonly files: number;
  readonly records: number | null;
  /** The latest append was cut by a crash. */
  readonly torn: boolean;
  /** Where it should end is known, so lines cut off at the end are missed. */
  readonly end_checked: boolean;
  readonly file: string | null;
  readonly line: number | null;
  readonly why: string | null;
}

export function verifyLogs(
  root: string,
  io: Io,
  json: boolean,
  statePath = join(healthState, "state.json"),
): ExitCode {
  // What is remembered first: what is appended meanwhile only makes a chain longer.
  const state = stateAt(statePath);
  const all = chainPlaces(root).map((place) => verify(place, expected(place.name, state)));
  if (json) io.out(safeJson({ verify: all }));
  else for (const [index, one] of all.entries()) io.out(`${safeLine(inWords(one, root, index))}\n`);
  if (all.some(({ ok }) => ok === false)) return exit.no;
  return all.some(({ ok }) => ok === null) ? exit.permission : exit.ok;
}

function verify(place: ChainPlace, expect: ChainHead | null): Verified {
  const { name } = place;
  const blank = { chain: name, files: 0, records: null, torn: false, end_checked: expect !== null };
  const nowhere = { file: null, line: null, why: null };
  try {
    const files = place.files(nodeDisk);
    const check: ChainCheck = verifyChain(nodeDisk, files, expect);
    return check.ok
      ? {
          ...{ ...blank, ...nowhere, ok: true, files: files.length },
          ...{ records: check.head.seq, torn: check.torn },
        }
      : {
          ...{ ...blank, ok: false, files: files.length },
          ...{ file: check.file || place.path, line: check.line, why: check.why },
        };
  } catch (error) {
    if (!isDenied(error)) throw error;
    return { ...blank, ...nowhere, ok: null, file: place.path, why: "you may not read it" };
  }
}

/** Null for who may not look: only root may know where the records should end. */
function stateAt(path: string): HealthState | null {
  try {
    return readState(nodeDisk, path).state;
  } catch (error) {
    if (isDenied(error)) return null;
    throw error;
  }
}

function expected(name: ChainName, state: HealthState | null): ChainHead | null {
  if (state === null) return null;
  if (name === "contracts") return state.historyHead;
  return name === "agents" ? agentsHeadIn(state.memory) : null;
}

function inWords(one: Verified, root: string, index: number): string {
  const { chain, ok, file, line, why } = one;
  const head = `${chain} (${chainPlaces(root)[index]?.about ?? ""})`;
  if (ok === null) return `${head}: ${file}: ${why}`;
  if (!ok) return `${head}: broken: ${file}, line ${line}: ${why}`;
  if (one.files === 0) return `${head}: none yet`;
  const torn = one.torn ? "; the latest lines were cut by a crash" : "";
  const end = one.end_checked ? "" : "; nothing says where it should end";
  return `${head}: ok: ${one.records} lines, none changed${torn}${end}`;
}
