/** What package.json and package-lock.json say, and what in them is no exact pin. Pure but for reading. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
}

const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;

export const readJson = (repository: string, name: string): unknown =>
  JSON.parse(readFileSync(join(repository, name), "utf8"));

export const nameOf = (place: string): string => place.replace(/^.*node_modules\//, "");

/** Everything that would let another version, or other bytes of the same, be installed. */
export function pinProblems(manifest: Locked, { packages }: Lock): string[] {
  const wanted = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
  const root = packages[""] ?? {};
  return [
    ...wanted.flatMap(([name, version]) => {
      if (!/^\d+\.\d+\.\d+$/.test(version)) return [`${name}: ${version} is no exact version`];
      const locked = packages[`node_modules/${name}`]?.version;
      return locked === version ? [] : [`${name}: ${version} wanted, ${locked} locked`];
    }),
    ...kinds.flatMap((kind) =>
      JSON.stringify(root[kind] ?? {}) === JSON.stringify(manifest[kind] ?? {})
        ? []
        : [`${kind}: the lock file has others than package.json`],
    ),
    ...Object.entries(packages).flatMap(([place, one]) => (place === "" ? [] : loose(place, one))),
  ];
}

function loose(place: string, { version, integrity, resolved, link }: Locked): string[] {
  const exact = version !== undefined && /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version);
  return [
    ...(exact ? [] : [`${place}: ${version} is no exact version`]),
    ...(/^sha512-[\w+/]{86}==$/.test(integrity ?? "") ? [] : [`${place}: no SHA-512 of its bytes`]),
    // The registry's name is the installer's business; a package from elsewhere would say so here.
    ...(resolved === undefined && link !== true ? [] : [`${place}: comes from ${resolved}`]),
  ];
}
