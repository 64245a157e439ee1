/**
 * A package of con.yaml's list becomes a layer for forged tools: fetched by the installer in a unit of its own, looked at
 * here, laid down read-only. People's list: nobody adds to it here.
 *
 * Done again it finds the layer and changes nothing. Never: lays down what is not listed, not whole or not as pinned.
 */
import type { ForgePackage } from "../../config/types.ts";
import { layDown } from "../../host/layers/lay.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { failureFile, layerBounds, lockFile } from "../../system/layers/names.ts";
import { type LayerFailure, type LayerRecord, readLayer } from "../../system/layers/record.ts";
import { type Deed, done, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"install_layer">;

export const installLayer: Verb<"install_layer"> = {
  async act(world, request, by, { id }) {
    const { layers } = world;
    const forge = layers.forge();
    const entry = forge?.packages.find(
      (one) => one.package === request.package && one.language === request.language,
    );
    if (forge === null || entry === undefined)
      return refused(
        `${request.package} (${request.language}): con.yaml does not list it under forge.packages: a person adds it, then con bootstrap`,
      );
    if (forge.closed !== undefined) return failed(forge.closed);
    const there = wholeLayer(world, entry);
    if (there !== null) return done([], null);
    const laid = await fetched(world, entry, forge.registries[entry.language] ?? null);
    if (laid.ok) return done([words(laid.record)], undoOf(entry));
    noteFailure(world, request, id, laid.why);
    // A registry may have chosen these words, and a model takes what the steward says as con's own.
    const why = by.kind === "agent" ? "con package list tells people why" : laid.why;
    return failed(`${request.package}: it could not be installed: ${why}`);
  },
};

const failed = (why: string): Deed => ({ ...refused(why), status: "failed" });

const words = ({ package: name, digest, packages }: LayerRecord): string => {
  const others = packages.length - 1;
  return `${name} is laid down as layer ${digest}${others === 0 ? "" : `, with ${others} that it needs`}`;
};

const undoOf = ({ package: name, language }: ForgePackage): string =>
  `con package remove ${name} --language ${language}`;

/** As the list wants it, and with nothing changed since it was laid down. */
function wholeLayer(
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

async function fetched(world: StewardWorld, entry: ForgePackage, registry: string | null) {
  const { disk, now, layers } = world;
  const { directory } = layers;
  const { language, package: name, integrity } = entry;
  const kept = readFile(disk, lockFile(directory, entry), layerBounds.lockBytes);
  const lock = kept === null ? null : Buffer.from(kept).toString("utf8");
  const order = { version: 1, language, package: name, integrity, registry, lock } as const;
  const brought = await layers.fetch(order, (read) =>
    layDown({ ...layers, disk, now }, entry, read),
  );
  return brought.ok ? brought.value : brought;
}

/** For whoever waits for it. */
function noteFailure(world: StewardWorld, request: Request, id: string, why: string): void {
  const { language, package: name } = request;
  const at = new Date(world.now()).toISOString();
  const failure: LayerFailure = { version: 1, language, package: name, request: id, at, why };
  replaceDurably(
    world.disk,
    failureFile(world.layers.directory, request),
    Buffer.from(`${JSON.stringify(failure)}\n`),
    0o644,
  );
}
