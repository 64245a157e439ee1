/**
 * A program for tests inside the container, bundled to one file: runs one built-in check of con and prints
 * its verdict and what it remembers as JSON (`check NAME ARGS MEMORY`), or is the canary itself (`canary`).
 */

import { run as canary } from "../../../src/commands/canary.ts";
import { readHealth } from "../../../src/config/compiled.ts";
import { conChecks } from "../../../src/contract/builtins/con/index.ts";
import { installedPlaces } from "../../../src/contract/builtins/con/places.ts";

const [verb = "", name = "", args = "{}", memory = "null"] = process.argv.slice(2);
if (verb === "canary") process.exitCode = await canary([]);
else {
  const self = [process.execPath, process.argv[1] ?? "", "canary"];
  const places = { ...installedPlaces, canary: { ...installedPlaces.canary, argv: self } };
  const health = readHealth();
  let kept: unknown = JSON.parse(memory);
  const check = conChecks(places).get(name);
  if (check === undefined) throw new Error(`no such check: ${name}`);
  const verdict = await check(JSON.parse(args), {
    health,
    thresholds: health.thresholds,
    now: Date.now,
    signal: AbortSignal.timeout(60_000),
    memory: kept,
    remember: (value) => {
      kept = value;
    },
  });
  process.stdout.write(JSON.stringify({ verdict, memory: kept }));
}
