/**
 * Which npm packages a bundle holds, as the bundler counted them, and the texts of their licences, which have to go
 * wherever the code goes. Pure but for reading node_modules. The same bundle gives the same bytes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface NpmPart {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** What image/ finds beside the bundle as parts.json. */
export interface Parts {
  readonly name: string;
  readonly version: string;
  readonly bundled: readonly NpmPart[];
}

/** `inputs`: the files that went in, relative to `root`. */
export function partsOf(inputs: readonly string[], root: string): Parts {
  const { name, version } = manifest(root);
  const all = folders(inputs).map((folder) => manifest(join(root, folder)));
  const unique = new Map(all.map((one) => [`${one.name} ${one.version}`, one]));
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1));
  return { name, version, bundled: sorted.map(([, one]) => one) };
}

export function licenceTexts(inputs: readonly string[], root: string): string {
  return folders(inputs)
    .map((folder) => textOf(join(root, folder)))
    .join("\n");
}

/** The folder of each package, sorted: `node_modules/a`, `node_modules/@b/c`, `node_modules/a/node_modules/d`. */
function folders(inputs: readonly string[]): string[] {
  const found = inputs.flatMap((input) => {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    return match?.[1] === undefined ? [] : [match[1]];
  });
  return [...new Set(found)].sort();
}

export function manifest(folder: string): NpmPart {
  const read = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Partial<NpmPart>;
  const { name, version, license = "" } = read;
  if (name === undefined || version === undefined) {
    throw new Error(`${folder}/package.json: has no name or no version: reinstall the packages`);
  }
  return { name, version, license };
}

/** Some packages name a licence and bring no text; what they name is said in its place. */
function textOf(folder: string): string {
  const { name, version, license } = manifest(folder);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`=== ${name} ${version}: ${license}`, "", ...texts, ""].join("\n");
}
