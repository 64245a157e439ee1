/** Which licences may be shipped, and what is excepted from that and from the audit, each with its reason. */
import debian from "./debian-names.json" with { type: "json" };

/** npm packages in the bundle or beside it: attribution is all that they ask; dist/licences.txt gives it. */
const shipped = [
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "0BSD",
  // Lists of licences' names, as data.
  "CC0-1.0",
  "CC-BY-3.0",
];

/** Tools of the build and the tests, which nobody is given. */
const tools = [...shipped, "MPL-2.0", "CC-BY-4.0", "Python-2.0"];

interface Exception {
  readonly package: RegExp;
  readonly licence: string;
  readonly why: string;
}

export const licenceExceptions: readonly Exception[] = [
  {
    package: /^sqlite-vec(-linux-\w+|-darwin-\w+|-windows-\w+)?$/,
    licence: "MIT OR Apache",
    why: "no SPDX expression, but its repository has both texts; MIT is taken",
  },
  {
    package: /^@modelcontextprotocol\/server-filesystem$/,
    licence: "SEE LICENSE IN LICENSE",
    why: "a server for the tests of MCP, MIT on its way to Apache-2.0 by its text; not shipped",
  },
];

/** Advisories that `npm audit` may name: by their address, each with its reason. */
export const auditExceptions: Readonly<Record<string, string>> = {};

/** Null where the licence is allowed. */
export function npmProblem(name: string, licence: string, isShipped: boolean): string | null {
  const excepted = licenceExceptions.some(
    (one) => one.package.test(name) && one.licence === licence,
  );
  const allowed = isShipped ? shipped : tools;
  const choices = licence.replaceAll(/[()]/g, "").split(" OR ");
  if (excepted || choices.some((choice) => allowed.includes(choice))) return null;
  return `${name}: ${licence || "no licence"}`;
}

/**
 * Families of names that Debian's files use. AGPL is none of them. Debian ships these as packages of its own, which
 * con starts as programs or the kernel loads for them; their texts lie in /usr/share/doc/PACKAGE/copyright.
 */
const families =
  /^(L?GPL|GFDL|GNU|BSD|MIT|Expat|ISC|Apache|zlib|X11|MPL|public[- ]?domain|PD\b|Artistic|curl|OpenLDAP|OLDAP|FSF|Unicode|CC0|CC-BY-\d|CC-BY-SA|OFL|SIL|Boost|BSL|PSF|Python|PCRE|0BSD|permissive|Beerware|libpng|FTL|FreeType|IJG|OpenSSL|SSLeay|HPND|NTP|AFL|EDL|EPL|ICU|Sleepycat|TCL|X\/MIT|Ruby|W3C|Bitstream|BZIP|Carnegie|IBM|DEC|Univ|Inner-Net|Latex|unlicense)/i;

/**
 * What is wrong with a Debian package: outside of Debian's main section, with a licence of a name that nobody has
 * accepted, or with a file that says nothing in a form that can be read, and is not in the list of those.
 */
export function debianProblems(
  name: string,
  section: string,
  licences: readonly string[],
): string[] {
  const strange = licences.filter((one) => !families.test(one) && !debian.names.includes(one));
  return [
    ...(section.includes("/") ? [`${name}: section ${section} is not of Debian's main`] : []),
    ...strange.map((one) => `${name}: ${one}: a licence that nobody has accepted`),
    ...(licences.length === 0 && !debian.freeForm.includes(name)
      ? [`${name}: its copyright file names no licence in a form that can be read`]
      : []),
  ];
}
