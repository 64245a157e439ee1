/**
 * Writes docs/licences.md: `make build && node test/supply/document.ts >docs/licences.md`. Debian's packages are those
 * that the part `supply` of the proof last recorded in debian-parts.json.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { NpmPart, Parts } from "../../build/parts.ts";
import recorded from "./debian-parts.json" with { type: "json" };
import { type Lock, nameOf, readJson } from "./lock.ts";
import { licenceExceptions } from "./policy.ts";

/** What image/lib/runtime.sh puts beside the bundle, on x86-64. */
function besideNames(repository: string): string[] {
  const script = readFileSync(join(repository, "image/lib/runtime.sh"), "utf8");
  const names = /^ {2}packages=\(([^)]*)\)/m.exec(script)?.[1] ?? "";
  return names.split(/\s+/).map((name) => name.replaceAll('"', "").replace("$arch", "x64"));
}

export function page(repository: string, parts: Parts): string {
  return `${[
    "# Licences of what is shipped",
    "",
    "Written by `node test/supply/document.ts`; do not edit. test/supply/policy.ts says which licences may be shipped; `make test`",
    "holds the packages of npm and those of a built image against it, `make proof PARTS=supply` all profiles.",
    "",
    "An image has the same with versions, as CycloneDX 1.6, in `/usr/share/con/sbom.cdx.json`, the texts for the bundle in",
    "`/usr/lib/con/licences.txt`, beside each package of npm, and in `/usr/share/doc/PACKAGE/copyright`.",
    "",
    "## In the bundle",
    "",
    "npm packages of which code is in `/usr/lib/con/*.mjs`.",
    "",
    ...npm(parts.bundled),
    "",
    "## Beside the bundle",
    "",
    ...npm(besideBundle(repository)),
    "",
    "Node and Chromium bring code of others; their own notices list it.",
    "",
    "Exceptions:",
    "",
    ...licenceExceptions.map((one) => `- \`${one.package.source}\` ${one.licence}: ${one.why}`),
    "",
    "## Debian packages",
    "",
    "All from Debian's main section, by the profile that brings them first; licences as their files name them, those of parts",
    "that are not in the program included. *free form*: read in the file, not by a program.",
    "",
    "| package | profile | licences |",
    "| --- | --- | --- |",
    ...debian(),
  ].join("\n")}\n`;
}

const npm = (parts: readonly NpmPart[]): string[] => [
  "| package | version | licence |",
  "| --- | --- | --- |",
  ...parts.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
];

function besideBundle(repository: string): NpmPart[] {
  const beside = besideNames(repository);
  const { packages } = readJson(repository, "package-lock.json") as Lock;
  return Object.entries(packages)
    .map(([place, { version = "", license = "" }]) => ({ name: nameOf(place), version, license }))
    .filter(({ name }) => beside.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Recorded = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

function debian(): string[] {
  const seen = new Set<string>();
  return Object.entries(recorded as Recorded).flatMap(([profile, packages]) =>
    Object.entries(packages).flatMap(([name, licences]) => {
      if (seen.has(name)) return [];
      seen.add(name);
      return [`| ${name} | ${profile} | ${licences.join(", ") || "*free form*"} |`];
    }),
  );
}

if (import.meta.main) {
  const repository = resolve(import.meta.dirname, "../..");
  process.stdout.write(page(repository, readJson(repository, "dist/parts.json") as Parts));
}
