import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { debianLicences } from "../../build/sbom.ts";
import { mustRun } from "../image/support/process.ts";
import { billProblems } from "./bill.ts";
import { page } from "./document.ts";
import { type Lock, type Locked, nameOf, pinProblems, readJson } from "./lock.ts";
import { debianProblems, npmProblem } from "./policy.ts";

const repository = resolve(import.meta.dirname, "../..");
const manifest = readJson(repository, "package.json") as Locked;
const lock = readJson(repository, "package-lock.json") as Lock;

let directory: string;
const builds: string[] = [];

beforeAll(async () => {
  const cache = join(repository, ".cache");
  mkdirSync(cache, { recursive: true });
  // Side by side, so that the maps name sources by the same relative paths.
  directory = mkdtempSync(join(cache, "bundle-"));
  builds.push(join(directory, "one"), join(directory, "two"));
  const build = (place: string) =>
    mustRun([process.execPath, "build/bundle.ts", place], { cwd: repository });
  // Ended both, so that nobody writes any more where afterAll removes.
  const ended = await Promise.allSettled(builds.map(build));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true }));

const filesOf = (place: string): Map<string, string> => {
  const names = readdirSync(place, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(place, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(place, name), "latin1")]));
};

test("two builds of the bundle are the same bytes, and none of them says where they were made", () => {
  const [one, two] = builds.map(filesOf);
  expect(one?.size).toBeGreaterThan(20);
  expect([...(two ?? [])].filter(([name, bytes]) => one?.get(name) !== bytes)).toEqual([]);
  expect(two?.size).toBe(one?.size);
  const telling = [...(one ?? [])].filter(([, bytes]) => bytes.includes(repository));
  expect(telling.map(([name]) => name)).toEqual([]);
});

test("the bundle says what went into it, and takes the licence of each along", () => {
  const files = filesOf(builds[0] ?? "");
  const parts = JSON.parse(files.get("parts.json") ?? "") as { bundled: { name: string }[] };
  const names = parts.bundled.map(({ name }) => name);
  expect(names).toContain("openai");
  expect(names).not.toContain("esbuild");
  const texts = files.get("licences.txt") ?? "";
  for (const name of names) expect(texts).toContain(`=== ${name} `);
});

test("docs/licences.md is written from what is built: node test/supply/document.ts >docs/licences.md", () => {
  const text = readFileSync(join(repository, "docs/licences.md"), "utf8");
  expect(text).toBe(page(repository, JSON.parse(filesOf(builds[0] ?? "").get("parts.json") ?? "")));
});

test("every package has one version, and the checksum of its bytes", () => {
  expect(pinProblems(manifest, lock)).toEqual([]);
  expect(readFileSync(join(repository, ".npmrc"), "utf8")).toContain("ignore-scripts=true");
});

test("a range, another version, another place and a missing checksum are found", () => {
  const place = "node_modules/yaml";
  const good = lock.packages[place];
  const problems = (change: Locked) =>
    pinProblems(manifest, {
      ...lock,
      packages: { ...lock.packages, [place]: { ...good, ...change } },
    });
  expect(problems({ version: "0.0.1" })).toEqual([`yaml: ${good?.version} wanted, 0.0.1 locked`]);
  expect(problems({ integrity: "sha1-x" })).toEqual([`${place}: no SHA-512 of its bytes`]);
  expect(problems({ resolved: "git+ssh://x" })).toEqual([`${place}: comes from git+ssh://x`]);
  const ranged = { ...manifest, dependencies: { ...manifest.dependencies, yaml: "^2.0.0" } };
  expect(pinProblems(ranged, lock)).toContain("yaml: ^2.0.0 is no exact version");
});

test("what is installed is what is locked", () => {
  const differing = Object.entries(lock.packages).flatMap(([place, { version }]) => {
    if (place === "" || !isThere(place)) return [];
    const there = (readJson(repository, `${place}/package.json`) as Locked).version;
    return there === version ? [] : [`${place}: ${there}, locked ${version}`];
  });
  expect(differing).toEqual([]);
});

const isThere = (place: string) =>
  statSync(join(repository, place, "package.json"), { throwIfNoEntry: false }) !== undefined;

test("every licence of an npm package is one of the allowed ones", () => {
  const problems = Object.entries(lock.packages).flatMap(([place, { license, dev }]) =>
    place === "" ? [] : (npmProblem(nameOf(place), license ?? "", dev !== true) ?? []),
  );
  expect(problems).toEqual([]);
});

test("a licence that nobody has accepted is found", () => {
  expect(npmProblem("x", "AGPL-3.0", true)).toBe("x: AGPL-3.0");
  expect(npmProblem("x", "MPL-2.0", true)).toBe("x: MPL-2.0");
  expect(npmProblem("x", "(MPL-2.0 OR MIT)", true)).toBeNull();
  expect(npmProblem("x", "", false)).toBe("x: no licence");
  expect(debianProblems("x", "non-free/net", ["MIT"])).toHaveLength(1);
  expect(debianProblems("x", "net", ["AGPL-3+"])).toHaveLength(1);
  expect(debianProblems("x", "net", [])).toHaveLength(1);
  expect(debianProblems("x", "net", ["GPL-2+"])).toEqual([]);
  const alien = {
    name: "x",
    version: "1",
    purl: "pkg:npm/x@1",
    licenses: [{ expression: "SSPL-1.0" }],
  };
  expect(billProblems({ components: [alien] })).toEqual(["x: SSPL-1.0"]);
});

test("licences of Debian are read from both forms of their files", () => {
  const form =
    "Format: https://x\n\nFiles: *\nLicense: GPL-2+ or Artistic, and BSD-3-clause\n text\n";
  expect(debianLicences(form)).toEqual(["Artistic", "BSD-3-clause", "GPL-2+"]);
  expect(debianLicences("see /usr/share/common-licenses/GPL-2.\n")).toEqual(["GPL-2"]);
  expect(debianLicences("Permission is hereby granted")).toEqual([]);
});
