/**
 * A program for tests inside the container, bundled to one file: what the steward does to the machine for temporary
 * agents (`spawn NAME...`, `remove JSON`), without the steward. Prints the failures and how long it took.
 */
import { systemHost } from "../../../src/steward/host.ts";
import type { GoneChild } from "../../../src/steward/world.ts";

const [verb = "", ...rest] = process.argv.slice(2);
const began = performance.now();
const failures =
  verb === "spawn"
    ? await systemHost.spawnChildren(rest)
    : await systemHost.removeChildren(JSON.parse(rest[0] ?? "[]") as GoneChild[]);
const seconds = (performance.now() - began) / 1000;
process.stdout.write(JSON.stringify({ failures, seconds }));
