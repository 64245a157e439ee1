/** Recall and storing over many memories. `bench/memory.ts` measures. */
import { memoryRows } from "../memory.ts";
import type { BareSuite } from "../suite.ts";

export const memory: BareSuite = {
  profile: null,
  about: "The offline embedder; questions of 3 to 8 words, a third of them in another form.",
  measure: async ({ isSmall }) => ({ rows: await memoryRows(isSmall ? 1_000 : 100_000) }),
};
