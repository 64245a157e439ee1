/** A file of a layer as its digest counts it. */
import { createHash } from "node:crypto";
import type { LayerFile } from "../../src/system/layers/digest.ts";

export const fileOf = (path: string, text: string): LayerFile => ({
  path,
  size: Buffer.byteLength(text),
  sha256: createHash("sha256").update(text).digest("hex"),
});
