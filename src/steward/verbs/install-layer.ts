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
import {
  type LayerFailure,
  type LayerRecord,
  readFailure,
  readLayer,
} from "../../system/layers/record.ts";
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
    if (by.kind === "agent" && failedJustNow(world, request, id)) return failed(toAgent(request));
    const laid = await fetched(world, entry, forge.registries[entry.language] ?? null);
    if (laid.ok) return done([words(laid.record)], undoOf(entry));
    noteFailure(world, request, id, laid.why);
    return failed(
      by.kind === "agent"
        ? toAgent(request)
        : `${request.package}: it could not be installed: ${laid.why}`,
    );
  },
};

const failed = (why: string): Deed => ({ ...refused(why), status: "failed" });

/** A registry may have chosen the reason, and a model takes what the steward says as con's own words. */
const toAgent = ({ package: name }: Request): string =>
  `${name}: it could not be installed: con package list tells people why`;

/** Nobody else is served while something is fetched, so agents must not have it tried without end. */
const pauseMs = 10 * 60_000;

function failedJustNow(world: StewardWorld, request: Request, id: string): boolean {
  const { directory } = world.layers;
  const last = readFailure(world.disk, directory, request);
  const age = world.now() - Date.parse(last?.at ?? "");
  // A clock that was set back, or a time that is none, is no reason to wait.
  if (last === null || !(age >= 0 && age < pauseMs)) return false;
  if (last.request !== id) keepFailure(world, { ...last, request: id });
  return true;
}

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
  keepFailure(world, { version: 1, language, package: name, request: id, at, why });
}

const keepFailure = ({ disk, layers }: StewardWorld, failure: LayerFailure): void =>
  replaceDurably(
    disk,
    failureFile(layers.directory, failure),
    Buffer.from(`${JSON.stringify(failure)}\n`),
    0o644,
  );
