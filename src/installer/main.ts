/**
 * What con-layer@.service runs: gets one package and what it needs, and writes it as an archive to standard output. What
 * went wrong is one line on standard error. Never: decides what is installed (root wrote the order), or what becomes of it
 * (root reads the archive as a stranger's).
 */
import fs from "node:fs";
import { layerFolder } from "../system/layers/names.ts";
import type { LayerOrder } from "../system/layers/order.ts";
import { InstallFailure } from "./failure.ts";
import { installNode } from "./node.ts";
import { pack } from "./pack.ts";
import { installPython } from "./python.ts";

const orderFd = 0;
const outputFd = 1;
/** Made by the unit, as a file system of its own that is bounded. */
const work = "/work";

async function main(): Promise<number> {
  const order = JSON.parse(fs.readFileSync(orderFd, "utf8")) as LayerOrder;
  const lock =
    order.language === "node" ? await installNode(order, work) : installPython(order, work);
  pack(work, layerFolder[order.language], lock, writeOut);
  return 0;
}

function writeOut(bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(outputFd, bytes, done);
}

function wordsOf(error: unknown): string {
  if (error instanceof InstallFailure) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code}: ${error.message}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${wordsOf(error).replace(/\s+/g, " ").slice(0, 2000)}\n`);
  process.exitCode = 1;
}
