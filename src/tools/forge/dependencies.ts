/** What forged code may import beside what its language brings along. Pure. */
import { builtinModules } from "node:module";
import type { Language } from "../../sandbox/throwaway/request.ts";
import type { ForgePackage } from "./types.ts";

const pinned = /^[A-Za-z0-9@][A-Za-z0-9@/._-]{0,80}==[A-Za-z0-9][A-Za-z0-9.+!-]{0,40}$/;

export type Resolved =
  | { readonly ok: true; readonly packages: readonly ForgePackage[] }
  | { readonly ok: false; readonly why: string };

/** As many layers as a sandbox shows. */
const mostPackages = 8;

/** `imported`: roots of what the code imports and its language does not have. */
export function resolve(
  language: Language,
  declared: readonly string[],
  imported: readonly string[],
  listedHere: readonly ForgePackage[],
): Resolved {
  const allowed = listedHere.filter((entry) => entry.language === language);
  if (language === "shell" && declared.length > 0)
    return refused("a shell tool has no dependencies: what is in /usr is all there is");
  const loose = declared.find((one) => !pinned.test(one));
  if (loose !== undefined)
    return refused(`${JSON.stringify(loose)} is no pinned dependency: write NAME==VERSION`);
  const found = declared.map((one) => allowed.find((entry) => entry.package === one) ?? one);
  const unlisted = found.find((one) => typeof one === "string");
  if (unlisted !== undefined) return refused(`${unlisted} is not allowed here. ${listed(allowed)}`);
  const entries = [...new Set(found.filter((one) => typeof one !== "string"))];
  if (entries.length > mostPackages)
    return refused(`it declares ${entries.length} packages, and at most ${mostPackages} may be`);
  const provided = new Set(entries.flatMap(({ provides }) => provides));
  const missing = imported.filter((name) => !provided.has(name));
  if (missing.length > 0)
    return refused(`it imports ${missing.join(", ")} without declaring it. ${listed(allowed)}`);
  return { ok: true, packages: entries };
}

const refused = (why: string): Resolved => ({ ok: false, why });

const listed = (allowed: readonly ForgePackage[]): string =>
  allowed.length === 0
    ? `No packages of this language are allowed: use its standard library only. ${remedy}`
    : `Allowed are: ${allowed.map((entry) => entry.package).join(", ")}. ${remedy}`;

const remedy = "(A person may add one to forge.packages in con.yaml.)";

const known: ReadonlySet<string> = new Set(builtinModules);

/** Of a Node program: packages that it names. Python is asked itself (syntax.ts). */
export function nodeImports(code: string): string[] {
  const named = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'`]([^"'`\n]{1,200})["'`]/g;
  const names = [...code.matchAll(named)].map(([, name = ""]) => name);
  const packages = names
    .filter((name) => !name.startsWith("node:") && !known.has(name))
    .map((name) =>
      name.startsWith("@") ? name.split("/", 2).join("/") : (name.split("/")[0] ?? ""),
    );
  return [...new Set(packages)];
}
