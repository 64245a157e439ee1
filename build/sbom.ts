/**
 * Writes the list of parts of an image (CycloneDX 1.6) from inside it: npm packages of the bundle and beside it, Node,
 * and Debian packages with their licences. Run by image/setup with the image's own Node; on the same image it writes
 * the same bytes, so there is no date and no serial number in it. Never: a package that is not there.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Component {
  readonly type: "application" | "library";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly "bom-ref": string;
  readonly licenses?: readonly ({ license: { name: string } } | { expression: string })[];
  readonly properties?: readonly { name: string; value: string }[];
}

interface Npm {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const lib = "/usr/lib/con";

/** One licence of a package's file, as Debian's machine-readable form names it. */
export function debianLicences(copyright: string): string[] {
  const named = /^Format:/m.test(copyright.slice(0, 400))
    ? [...copyright.matchAll(/^Licen[sc]e:[ \t]*(\S.*)$/gim)].map(([, text]) => text ?? "")
    : [...copyright.matchAll(/\/usr\/share\/common-licenses\/([\w.+-]*\w)/g)].map(
        ([, at]) => at ?? "",
      );
  const single = named.flatMap((text) =>
    text.split(/\s*,\s*(?:and\s+|or\s+)?|\s+(?:and\/or|and|or)\s+/i),
  );
  return [...new Set(single.map((text) => text.trim()).filter((text) => text !== ""))].sort();
}

export function npmComponent({ name, version, license }: Npm, where: string): Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
  // What is no expression, e.g. SEE LICENSE IN LICENSE, stands as a name.
  const spdx = license !== undefined && /^[\w.+-]+(?: (?:OR|AND|WITH) [\w.+-]+)*$/.test(license);
  return {
    type: "library",
    name,
    version,
    purl,
    "bom-ref": purl,
    licenses: spdx ? [{ expression: license }] : [{ license: { name: license || "not named" } }],
    properties: [{ name: "con:where", value: where }],
  };
}

/** `line`: name, version, architecture, source, its version, section, separated by tabs. */
export function debianComponent(line: string, release: string, copyright: string): Component {
  const [name = "", version = "", arch = "", source = "", built = "", section = ""] =
    line.split("\t");
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}&distro=${release}`;
  const licences = debianLicences(copyright);
  return {
    type: "library",
    name,
    version,
    purl,
    "bom-ref": purl,
    ...(licences.length === 0
      ? {}
      : { licenses: licences.map((one) => ({ license: { name: one } })) }),
    properties: [
      { name: "debian:section", value: section },
      { name: "debian:source", value: `${source} ${built}` },
    ],
  };
}

function nodeComponent(): Component {
  const { node, ...bundled } = process.versions;
  const purl = `pkg:generic/node@${node}`;
  return {
    type: "application",
    name: "node",
    version: node,
    purl,
    "bom-ref": purl,
    licenses: [{ expression: "MIT" }],
    properties: Object.entries(bundled)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name: `node:${name}`, value: value ?? "" })),
  };
}

function besideBundle(): Component[] {
  const modules = join(lib, "node_modules");
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
  );
  return names.map((name) => {
    const file = join(modules, name, "package.json");
    return npmComponent(JSON.parse(readFileSync(file, "utf8")) as Npm, "beside the bundle");
  });
}

function debian(): Component[] {
  const fields = [
    "Package",
    "Version",
    "Architecture",
    "source:Package",
    "source:Version",
    "Section",
  ];
  const format = `${fields.map((field) => `\${${field}}`).join("\t")}\n`;
  const lines = execFileSync("dpkg-query", ["--show", "--showformat", format], {
    encoding: "utf8",
  });
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => debianComponent(line, release ?? "unknown", copyrightOf(line.split("\t")[0])));
}

function copyrightOf(name: string | undefined): string {
  const file = `/usr/share/doc/${name}/copyright`;
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** The whole list; `con` is the bundle with what went into it. */
function bill(): object {
  const con = JSON.parse(readFileSync(join(lib, "parts.json"), "utf8")) as {
    name: string;
    version: string;
    bundled: readonly Npm[];
  };
  const bundled = con.bundled.map((one) => npmComponent(one, "in the bundle"));
  const all = [...bundled, ...besideBundle(), nodeComponent(), ...debian()];
  const unique = new Map(all.map((one) => [one.purl, one]));
  const main = { type: "application", name: con.name, version: con.version, "bom-ref": con.name };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: main },
    components: [...unique.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
}

if (import.meta.main) {
  const [output = "/usr/share/con/sbom.cdx.json"] = process.argv.slice(2);
  writeFileSync(output, `${JSON.stringify(bill(), null, 1)}\n`);
}
