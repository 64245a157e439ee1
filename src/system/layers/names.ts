/** Where layers lie, and what their files are called. Pure. */
import { join } from "node:path";
import { sha256 } from "../sha256.ts";

/** Root's; everybody reads it. `DIGEST/` is a layer, `KEY.json` says of which package, `KEY.lock` what went into it. */
export const layersDirectory = "/var/lib/con/layers";

export const layerLanguages = ["node", "python"] as const;
export type LayerLanguage = (typeof layerLanguages)[number];

/** A package of one language. */
export interface LayerName {
  readonly language: LayerLanguage;
  /** `NAME==VERSION`. */
  readonly package: string;
}

/** The one folder of a layer, where its language looks for what is imported. */
export const layerFolder: Readonly<Record<LayerLanguage, string>> = {
  node: "node_modules",
  python: "python",
};

/** Fit for a file, and for the name of a unit. */
export const layerKey = ({ language, package: name }: LayerName): string =>
  `${language}-${sha256(name).slice(0, 24)}`;

export const recordFile = (directory: string, of: LayerName): string =>
  join(directory, `${layerKey(of)}.json`);
/** Stays when the layer is removed: what is laid down again is the same. */
export const lockFile = (directory: string, of: LayerName): string =>
  join(directory, `${layerKey(of)}.lock`);
/** What is being fetched, among the files of the installer. */
export const orderSuffix = ".asked";
/** Why the latest try came to nothing. */
export const failureFile = (directory: string, of: LayerName): string =>
  join(directory, `${layerKey(of)}.failed.json`);

export const isRecordName = (name: string): boolean =>
  /^(?:node|python)-[0-9a-f]{24}\.json$/.test(name);
export const isDigest = (text: unknown): text is string =>
  typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
export const partPrefix = ".new-";

export const layerBounds = {
  files: 20_000,
  bytes: 256 * 2 ** 20,
  lockBytes: 4 * 2 ** 20,
  pathBytes: 400,
  pathDepth: 40,
} as const;
