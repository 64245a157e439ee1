/**
 * The process of one part: `child.ts MODULE SEED SCALE DIRECTORY OUTPUT`. Prints progress, writes claim and result as
 * JSON to OUTPUT. Exit code 0 only if the part came to a result, met or not. After a crash: no OUTPUT.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Part } from "./part.ts";

const [file, seed, scale, directory, output] = process.argv.slice(2);
if (file === undefined || directory === undefined || output === undefined) {
  throw new Error("usage: child.ts MODULE SEED SCALE DIRECTORY OUTPUT");
}

const { part } = (await import(pathToFileURL(file).href)) as { readonly part: Part };
const result = await part.run({
  progress: (line) => console.log(line),
  seed: Number(seed),
  scale: Number(scale),
  directory,
});
writeFileSync(output, JSON.stringify({ claim: part.claim, result }));
// A worker or a timer that a part forgot is not waited for.
process.exit(0);
