/** The part `forge` of con.yaml: packages that forged tools may use. Pure. */
import type { Broken } from "./broken.ts";
import type { ForgePart } from "./types.ts";

export interface RawForge {
  readonly packages?: readonly {
    readonly package: string;
    readonly layer: string;
    readonly provides?: readonly string[];
  }[];
}

/** Without `provides` it is imported by its own name, as Python writes it. */
export const readForge = (raw: RawForge = {}): ForgePart => ({
  packages: (raw.packages ?? []).map((one) => ({
    package: one.package,
    layer: one.layer,
    provides: one.provides ?? [nameOf(one.package)],
  })),
});

const nameOf = (entry: string): string => {
  const name = entry.slice(0, entry.indexOf("=="));
  return name.startsWith("@") ? name : name.toLowerCase().replaceAll("-", "_");
};

export function brokenForge({ packages = [] }: RawForge = {}): Broken[] {
  const names = packages.map((one) => one.package);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: ["forge", "packages", index, "package"],
            why: `${name} is there twice`,
            remedy: "leave one of them out",
          },
        ],
  );
}
