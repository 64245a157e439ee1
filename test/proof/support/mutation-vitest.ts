/**
 * Vitest's settings for the tests of one area of the mutation part: in one thread that knows the modules already, the
 * quick files first, stopped at the first failure, and a third of the runs of a property. What that misses counts as unnoticed.
 */
import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { areas, areaVariable } from "./mutation-areas.ts";

const wanted = process.env[areaVariable];
const area = areas.find(({ name }) => name === wanted);
if (area === undefined) throw new Error(`${areaVariable}: ${wanted} is no area`);

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => slowness(a.moduleId) - slowness(b.moduleId));
  }
}

const slowness = (file: string): number =>
  file.includes("crash") ? 2 : readFileSync(file, "utf8").includes("fast-check") ? 1 : 0;

export default defineConfig({
  test: {
    include: [...area.tests],
    setupFiles: ["test/support/compiled-once.ts", "test/proof/support/mutation-setup.ts"],
    testTimeout: 60_000,
    isolate: false,
    sequence: { sequencer: QuickFirst },
  },
});
