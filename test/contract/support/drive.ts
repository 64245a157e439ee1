/**
 * Evaluates the contracts that stand on standard input as JSON with the real engine, and prints the results as
 * JSON. Tests bundle it and start it as root in the booted container.
 */
import fs from "node:fs";
import { createBuiltins } from "../../../src/contract/builtins/index.ts";
import { defaultConcurrency, evaluate } from "../../../src/contract/evaluate.ts";
import { createRunProgram } from "../../../src/contract/probe/run.ts";
import type { Contract } from "../../../src/contract/types.ts";
import { health } from "./contracts.ts";

const contracts = JSON.parse(fs.readFileSync(0, "utf8")) as Contract[];
const started = performance.now();
const results = await evaluate(contracts, {
  health,
  now: Date.now,
  builtins: createBuiltins({}, null),
  runProgram: createRunProgram(health.thresholds),
  concurrency: defaultConcurrency,
  memory: new Map(),
  failing: new Set(),
  environment: {},
});
const wallMs = performance.now() - started;
process.stdout.write(JSON.stringify({ results, wallMs }));
