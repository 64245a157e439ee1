/** Vitest's settings for the tests of one area of the mutation part: in one thread, stopped at the first failure. */
import { defineConfig } from "vitest/config";
import { areas, areaVariable } from "./mutation-areas.ts";

const wanted = process.env[areaVariable];
const area = areas.find(({ name }) => name === wanted);
if (area === undefined) throw new Error(`${areaVariable}: ${wanted} is no area`);

export default defineConfig({
  test: {
    include: [...area.tests],
    setupFiles: ["test/support/compiled-once.ts"],
    testTimeout: 60_000,
  },
});
