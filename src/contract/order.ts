/** Puts contracts in an order in which each comes after those that it depends on. Pure. */
import type { Contract } from "./types.ts";

export interface Ordered {
  readonly sorted: readonly Contract[];
  /** Depend on themselves, or on contracts that do: no order exists. */
  readonly cyclic: readonly Contract[];
}

/** Ids that are not among `contracts` do not matter here. */
export function orderContracts(contracts: readonly Contract[]): Ordered {
  const waiting = new Map(contracts.map((contract) => [contract.id, contract]));
  const sorted: Contract[] = [];
  for (;;) {
    const ready = [...waiting.values()].filter(({ dependsOn }) =>
      dependsOn.every((id) => !waiting.has(id)),
    );
    if (ready.length === 0) return { sorted, cyclic: [...waiting.values()] };
    for (const contract of ready) waiting.delete(contract.id);
    sorted.push(...ready);
  }
}
