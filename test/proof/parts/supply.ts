/**
 * What con is made of: pins, known advisories, licences and the lists of parts of all profiles of the image, which it
 * builds. Asks the registry that npm is configured with, and nobody else. Writes test/supply/debian-parts.json. Never: a
 * good figure for a question that nobody answered.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { audited, npmAudit } from "../../supply/audit.ts";
import { type Bill, billProblems, isDebian, licencesOf } from "../../supply/bill.ts";
import { type Lock, type Locked, pinProblems, readJson } from "../../supply/lock.ts";
import { billErrors } from "../../supply/schema.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const repository = resolve(import.meta.dirname, "../../..");

/** Smallest first: what one brings is not counted again for the next. */
const profiles = ["minimal", "default", "web", "full"];

const none = (what: string, found: readonly string[]): Figure => ({
  what,
  value: found.length,
  target: "0",
  ok: found.length === 0,
});

function pins(): Found {
  const manifest = readJson(repository, "package.json") as Locked;
  const lock = readJson(repository, "package-lock.json") as Lock;
  const problems = pinProblems(manifest, lock);
  const count = Object.keys(lock.packages).length - 1;
  return {
    figures: [
      { what: "npm packages in the lock file", value: count, ok: true },
      none("of them without an exact version or checksum", problems),
    ],
    notes: problems,
  };
}

interface Found {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  const { status, stderr, error } = spawnSync(program, args, {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (status === 0) return;
  throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? `exit ${status}: ${stderr}`}`);
}

/** The image of a profile, built for nspawn, and the list of parts that lies in it. */
function buildImage(profile: string, progress: PartContext["progress"]): string {
  progress(`building the image ${profile}`);
  const program = join(repository, "image/con-container");
  run(program, ["image"], { ENGINE: "nspawn", PROFILE: profile });
  const file = `.cache/nspawn/${profile}/usr/share/con/sbom.cdx.json`;
  return readFileSync(join(repository, file), "utf8");
}

function image(profile: string, text: string, again: string): Found {
  const bill = JSON.parse(text) as Bill;
  const problems = billProblems(bill);
  const errors = billErrors(bill);
  return {
    figures: [
      { what: `parts of the image ${profile}`, value: bill.components.length, ok: true },
      none(`${profile}: with a licence that nobody has accepted`, problems),
      none(`${profile}: departures from the CycloneDX schema`, errors),
      { what: `${profile}: the same list from a second build`, ...same(text, again) },
    ],
    notes: [...problems, ...errors],
  };
}

const same = (one: string, two: string) => ({
  value: one === two ? "yes" : "no",
  target: "yes",
  ok: one === two,
});

/** What docs/licences.md lists. */
function record(bills: ReadonlyMap<string, Bill>): void {
  const entries = [...bills].map(([profile, { components }]) => [
    profile,
    Object.fromEntries(components.filter(isDebian).map((one) => [one.name, licencesOf(one)])),
  ]);
  const file = join(repository, "test/supply/debian-parts.json");
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}

export const part: Part = {
  name: "supply",
  claim:
    "every part of con has one version and one checksum, no advisory that is not explained, and a licence that was accepted",
  async run({ progress, scale }) {
    run(process.execPath, ["build/generate.ts"]);
    run(process.execPath, ["build/bundle.ts"]);
    const found = [pins(), audited(npmAudit(repository))];
    const bills = new Map<string, Bill>();
    for (const profile of profiles.slice(0, scale < 1 ? 2 : profiles.length)) {
      const text = buildImage(profile, progress);
      found.push(image(profile, text, buildImage(profile, progress)));
      bills.set(profile, JSON.parse(text) as Bill);
    }
    if (scale === 1) record(bills);
    return {
      figures: found.flatMap(({ figures }) => figures),
      notes: [
        ...found.flatMap(({ notes }) => notes),
        "Debian's security updates are the archive's: an image has what the archive had when its base was made.",
      ],
    };
  },
};
