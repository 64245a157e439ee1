/** What a waking runner loads before anything is asked of it: nothing of the memory but names of files. */
import { expect, it } from "vitest";
import { loadedAtOnce } from "../support/at-once.ts";

const heavy =
  /^src\/(memory|runner\/memory\/(work|desk|shared|said|summary|turns|embedder|index-text))[./]/;

it("keeps the memory out of what con run imports at once", async () => {
  const { inputs, reached, all } = await loadedAtOnce();
  expect(inputs.filter((input) => heavy.test(input))).toEqual([]);
  // Answers are held against schemas by a validator that few tasks need.
  expect(inputs.filter((input) => input.includes("node_modules/ajv/"))).toEqual([]);
  // Nor is the protocol of servers that few agents have.
  expect(inputs.filter((input) => /@modelcontextprotocol|node_modules\/zod\//.test(input))).toEqual(
    [],
  );
  expect(all.some((input) => input.includes("@modelcontextprotocol/sdk"))).toBe(true);
  expect(reached).not.toContain("better-sqlite3");
  // It is there, behind a dynamic import.
  expect(all).toContain("src/memory/open.ts");
});
