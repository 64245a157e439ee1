/** What the list and the disk say of one package, and what is said of it to those who asked. Changes nothing. */
import type { ForgePackage } from "../../config/types.ts";
import { readFile } from "../../system/durable.ts";
import { type LayerName, layerBounds, lockFile } from "../../system/layers/names.ts";
import type { LayerOrder } from "../../system/layers/order.ts";
import { type LayerRecord, readLayer } from "../../system/layers/record.ts";
import { type Ended, refused } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

export type Listed =
  | { readonly ok: true; readonly entry: ForgePackage; readonly registry: string | null }
  | { readonly ok: false; readonly deed: Ended };

/** Whether people list it now, and may have it fetched. */
export function listedNow({ layers }: StewardWorld, of: LayerName): Listed {
  const forge = layers.forge();
  const entry = forge?.packages.find(
    (one) => one.package === of.package && one.language === of.language,
  );
  if (forge === null || entry === undefined) {
    const why = `${of.package} (${of.language}): con.yaml does not list it under forge.packages`;
    return { ok: false, deed: refused(`${why}: a person adds it, then con bootstrap`) };
  }
  if (forge.closed !== undefined) return { ok: false, deed: failed(forge.closed) };
  return { ok: true, entry, registry: forge.registries[entry.language] ?? null };
}

/** As the list wants it, and with nothing changed since it was laid down. */
export function wholeLayer(
  { disk, layers: { directory, digestAt } }: StewardWorld,
  entry: ForgePackage,
): LayerRecord | null {
  const record = readLayer(disk, directory, entry);
  if (record === null) return null;
  if (entry.layer !== null && entry.layer !== record.digest) return null;
  if (entry.integrity !== null && entry.integrity !== record.integrity) return null;
  const place = `${directory}/${record.digest}`;
  if (!disk.list(directory).includes(record.digest)) return null;
  const found = digestAt(place);
  return found.ok && found.digest === record.digest ? record : null;
}

export function orderFor(
  { disk, layers: { directory } }: StewardWorld,
  { entry, registry }: Extract<Listed, { ok: true }>,
): LayerOrder {
  const { language, package: name, integrity } = entry;
  const kept = readFile(disk, lockFile(directory, entry), layerBounds.lockBytes);
  const lock = kept === null ? null : Buffer.from(kept).toString("utf8");
  return { version: 1, language, package: name, integrity, registry, lock };
}

const failed = (why: string): Ended => ({ ...refused(why), status: "failed" });

/** A registry may have chosen the reason, and a model takes what the steward says as con's own words. */
export const failedOf = ({ package: name }: LayerName, isAgent: boolean, why: string): Ended =>
  failed(
    `${name}: it could not be installed: ${isAgent ? "con package list tells people why" : why}`,
  );

export function laidOf({ package: name, language, digest, packages }: LayerRecord): Ended {
  const others = packages.length - 1;
  const more = others === 0 ? "" : `, with ${others} that it needs`;
  return {
    ...{ status: "done", error: null },
    changes: [`${name} is laid down as layer ${digest}${more}`],
    undo: `con package remove ${name} --language ${language}`,
  };
}
