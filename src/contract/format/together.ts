/**
 * What can be told only of all contract files together: ids and dependencies. Pure.
 *
 * Of two contracts with one id the first file counts. A dependency that cannot be followed is
 * reported and left out, and its contract is evaluated all the same: nothing is watched less because of
 * a mistake in another file.
 */
import type { ParsedContract } from "../parse.ts";
import type { BadContract, Contract, ContractSet } from "../types.ts";

export interface ParsedFile {
  readonly file: string;
  readonly parsed: ParsedContract;
}

type Problem = BadContract["problems"][number];

/** `files` in the order of their names. */
export function together(files: readonly ParsedFile[]): ContractSet {
  const bad: BadContract[] = [];
  const first = new Map<string, ParsedFile & { readonly contract: Contract }>();
  for (const one of files) {
    const { contract, problems } = one.parsed;
    if (contract === null) {
      bad.push({ file: one.file, problems });
      continue;
    }
    const other = first.get(contract.id);
    if (other === undefined) first.set(contract.id, { ...one, contract });
    else bad.push({ file: one.file, problems: [taken(one.parsed, other.file)] });
  }
  // An id counts although its file has problems: those are reported once, there.
  const known = new Set(files.flatMap(({ parsed }) => parsed.id ?? []));
  const edges = new Map([...first].map(([id, { contract }]) => [id, contract.dependsOn]));
  const contracts = [...first.values()].map(({ file, parsed, contract }) => {
    const faults = contract.dependsOn.flatMap((id) => fault(contract.id, id, known, edges) ?? []);
    if (faults.length === 0) return contract;
    const problems = faults.map(({ why, remedy }) => at(parsed, "dependsOn", why, remedy));
    bad.push({ file, problems });
    const faulty = new Set(faults.map(({ id }) => id));
    return { ...contract, dependsOn: contract.dependsOn.filter((id) => !faulty.has(id)) };
  });
  return { contracts: contracts.sort(byId), bad };
}

const byId = (a: Contract, b: Contract): number => (a.id < b.id ? -1 : 1);

const taken = (parsed: ParsedContract, other: string): Problem =>
  at(parsed, "id", `${parsed.id} is the id of ${other}`, "give each contract an id of its own");

function at(
  parsed: ParsedContract,
  place: keyof ParsedContract["places"],
  why: string,
  remedy: string,
): Problem {
  const key = place === "id" ? "id" : "depends_on";
  return { ...parsed.places[place], key, why, remedy };
}

interface Fault {
  readonly id: string;
  readonly why: string;
  readonly remedy: string;
}

type Edges = ReadonlyMap<string, readonly string[]>;

function fault(from: string, id: string, known: ReadonlySet<string>, edges: Edges): Fault | null {
  if (!known.has(id)) {
    const remedy = "name an active contract; con contract list shows them";
    return { id, why: `there is no contract ${id}`, remedy };
  }
  const way = wayBack(id, from, edges);
  if (way === null) return null;
  const why = `it waits for itself: ${[from, ...way].join(" → ")}`;
  return { id, why, remedy: "take one of them out of depends_on" };
}

/** The ids on a way from `start` to `end`, both included; null when there is none. */
function wayBack(start: string, end: string, edges: Edges): readonly string[] | null {
  const seen = new Set([start]);
  const ways: string[][] = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? start;
    if (last === end) return way;
    for (const next of edges.get(last) ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        ways.push([...way, next]);
      }
  }
  return null;
}
