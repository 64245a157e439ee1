/** The part `forge` of con.yaml: packages that forged tools may use, and where they come from. Pure. */
import type { Broken } from "./broken.ts";
import type { ForgeLanguage, ForgePart } from "./types.ts";

export interface RawForge {
  readonly packages?: readonly {
    readonly package: string;
    readonly language: ForgeLanguage;
    readonly integrity?: string;
    readonly layer?: string;
    readonly provides?: readonly string[];
  }[];
  readonly registries?: Readonly<Partial<Record<ForgeLanguage, string>>>;
}

/** Without `provides` it is imported by its own name, as its language writes it. */
export const readForge = (raw: RawForge = {}): ForgePart => ({
  packages: (raw.packages ?? []).map((one) => ({
    package: one.package,
    language: one.language,
    integrity: one.integrity ?? null,
    layer: one.layer ?? null,
    provides: one.provides ?? [nameOf(one.package, one.language)],
  })),
  registries: raw.registries ?? {},
});

const nameOf = (entry: string, language: ForgeLanguage): string => {
  const name = entry.slice(0, entry.indexOf("=="));
  return language === "node" ? name : name.toLowerCase().replaceAll("-", "_");
};

export function brokenForge({ packages = [], registries = {} }: RawForge = {}): Broken[] {
  const names = packages.map((one) => `${one.language} ${one.package}`);
  return [
    ...names.flatMap((name, index): Broken[] => {
      if (names.indexOf(name) === index) return [];
      const path = ["forge", "packages", index, "package"];
      return [{ path, why: `${name} is there twice`, remedy: "leave one of them out" }];
    }),
    ...packages.flatMap(({ integrity, language }, index): Broken[] => {
      if (integrity === undefined || digests[language].test(integrity)) return [];
      const path = ["forge", "packages", index, "integrity"];
      return [{ path, why: "it is no digest of that language", remedy: digestRemedy[language] }];
    }),
    ...Object.entries(registries).flatMap(([language, address]): Broken[] =>
      isRegistry(address)
        ? []
        : [
            {
              path: ["forge", "registries", language],
              why: `${address} is no address of a registry`,
              remedy: "expected http(s)://HOST[:PORT]/PATH without a name or a password in it",
            },
          ],
    ),
  ];
}

const digests: Readonly<Record<ForgeLanguage, RegExp>> = {
  node: /^sha512-[A-Za-z0-9+/]{86}==$/,
  python: /^sha256:[0-9a-f]{64}$/,
};

const digestRemedy: Readonly<Record<ForgeLanguage, string>> = {
  node: "expected sha512- and 88 characters, as package-lock.json has it",
  python: "expected sha256: and 64 digits 0-9 a-f, as pip hash prints it",
};

/** Whoever reads con.yaml must not read a password, and whoever fetches must not get one in its arguments. */
function isRegistry(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search, hash } = new URL(address);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

/** `HOST:PORT` of the registries that con.yaml names. */
export const registryTargets = ({ registries }: Pick<ForgePart, "registries">): string[] =>
  Object.values(registries).map((address) => {
    const { hostname, port, protocol } = new URL(address);
    return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  });
