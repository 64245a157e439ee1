/** What a waking runner loads before anything is asked of it: no tokenizer, no schema compiler, no repair of JSON. */
import { expect, it } from "vitest";
import { loadedAtOnce } from "../../support/at-once.ts";

const heavy = /node_modules\/(gpt-tokenizer|jsonrepair|ajv|yaml|openai)\/|structured-validators/;

it("keeps the tokenizer out of what con run imports at once", async () => {
  const { inputs, all } = await loadedAtOnce();
  expect(inputs.filter((input) => heavy.test(input))).toEqual([]);
  // It is there, behind a dynamic import.
  expect(all.some((input) => input.includes("gpt-tokenizer"))).toBe(true);
});
