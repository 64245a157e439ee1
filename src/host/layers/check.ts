/** Layers that are not what they were when they were laid down, and what lies beside them. Reads only. */
import { join } from "node:path";
import type { Disk } from "../../system/disk.ts";
import { listed } from "../../system/disk.ts";
import type { Digested } from "../../system/layers/digest.ts";
import { isDigest } from "../../system/layers/names.ts";
import { readLayers } from "../../system/layers/record.ts";
import type { Finding } from "../finding.ts";

export function layerTroubles(
  disk: Disk,
  directory: string,
  digestAt: (path: string) => Digested,
): Finding[] {
  const { records, broken } = readLayers(disk, directory);
  const names = listed(disk, directory).filter(isDigest);
  const damaged = names.flatMap((name): Finding[] => {
    const found = digestAt(join(directory, name));
    const of = records.find(({ digest }) => digest === name)?.package;
    if (found.ok && found.digest === name) return [];
    const why = found.ok ? `its files have the digest ${found.digest}` : found.why;
    const remedy = of === undefined ? "remove it, or lay it down again" : `con package add ${of}`;
    return [{ what: `layer ${name}`, why, remedy }];
  });
  const gone = records
    .filter(({ digest }) => !names.includes(digest))
    .map((record) => ({
      what: `layer ${record.digest}`,
      why: "it is gone",
      remedy: `con package add ${record.package}`,
    }));
  const unread = broken.map((name) => ({
    what: join(directory, name),
    why: "it is no record of a layer",
    remedy: "remove it; con package add writes another",
  }));
  return [...damaged, ...gone, ...unread];
}
