/**
 * A package of Python's and what it needs, into `python`, by pip: first which files those are, with their digests, then
 * exactly those. Only wheels: nothing of a package runs. Never: reads a pip.conf or the environment.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { layerFolder } from "../system/layers/names.ts";
import type { LayerLock, LayerOrder } from "../system/layers/order.ts";
import { InstallFailure } from "./failure.ts";

const python = "/usr/bin/python3";

export function installPython(order: LayerOrder, work: string): LayerLock {
  if (run(work, ["-m", "pip", "--version"]).status !== 0)
    throw new InstallFailure(
      "there is no pip here: the image's full profile has it (or: apt-get install python3-pip)",
    );
  const text = plainLock(order.lock ?? resolve(order, work));
  const requirements = join(work, "requirements.txt");
  fs.writeFileSync(requirements, text);
  const target = join(work, layerFolder.python);
  const exact = ["--require-hashes", "--no-deps", "--no-compile"];
  must(work, pip(order, [...exact, "--target", target, "--requirement", requirements]));
  const packages = text.split("\n").flatMap((line) => /^(\S+==\S+) /.exec(line)?.[1] ?? []);
  const own = text.split("\n").find((line) => line.startsWith(`${order.package} `));
  const integrity = /--hash=(sha256:[0-9a-f]{64})/.exec(own ?? "")?.[1] ?? null;
  return { version: 1, text, integrity, packages };
}

interface Found {
  readonly download_info?: {
    readonly url?: string;
    readonly archive_info?: { readonly hashes?: { readonly sha256?: string } };
  };
  readonly metadata?: { readonly name?: string; readonly version?: string };
}

/** Lines `NAME==VERSION --hash=sha256:…`, the wanted package as con.yaml writes it. */
function resolve(order: LayerOrder, work: string): string {
  const report = join(work, "report.json");
  must(work, pip(order, ["--dry-run", "--ignore-installed", "--report", report, order.package]));
  const { install = [] } = JSON.parse(fs.readFileSync(report, "utf8")) as { install?: Found[] };
  const lines = install.map((one) => lineOf(one, order));
  const own = lines.find((line) => line.startsWith(`${order.package} `));
  if (own === undefined) throw new InstallFailure(`the registry has no ${order.package}`);
  if (order.integrity !== null && !own.endsWith(`--hash=${order.integrity}`))
    throw new InstallFailure(
      `the registry has ${own.replace(/^.*--hash=/, "")}, and con.yaml says ${order.integrity}`,
    );
  return `${lines.sort().join("\n")}\n`;
}

function lineOf({ download_info, metadata }: Found, order: LayerOrder): string {
  const [name = "", version = ""] = [metadata?.name, metadata?.version];
  const sha256 = download_info?.archive_info?.hashes?.sha256;
  if (!/^https?:/.test(download_info?.url ?? "") || sha256 === undefined)
    throw new InstallFailure(`${name}==${version} does not come from a registry with its digest`);
  const isOwn = plainName(`${name}==${version}`) === plainName(order.package);
  return `${isOwn ? order.package : `${name}==${version}`} --hash=sha256:${sha256}`;
}

const lockLine =
  /^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!_-]* --hash=sha256:[0-9a-f]{64}$/;

/** pip reads options and addresses in it as well: names, versions and digests are all that may stand there. */
export function plainLock(text: string): string {
  const odd = text.split("\n").find((line) => line !== "" && !lockLine.test(line));
  if (odd === undefined) return text;
  throw new InstallFailure(`${JSON.stringify(odd.slice(0, 100))} is no line of a lock`);
}

/** PEP 503: names that differ by these are one. */
const plainName = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, "-");

const pip = ({ registry }: LayerOrder, args: readonly string[]): string[] => [
  ...["-I", "-m", "pip", "--isolated", "install", "--quiet", "--no-input", "--no-cache-dir"],
  ...["--disable-pip-version-check", "--only-binary", ":all:", "--retries", "1", "--timeout", "60"],
  ...(registry === null ? [] : ["--index-url", registry, ...trusted(registry)]),
  ...args,
];

/** pip takes nothing over plain HTTP unless told so; a person wrote that address. */
const trusted = (registry: string): string[] =>
  registry.startsWith("http:") ? ["--trusted-host", new URL(registry).host] : [];

function must(work: string, args: readonly string[]): void {
  const { status, stderr } = run(work, args);
  if (status === 0) return;
  const said = stderr.split("\n").filter((line) => line.startsWith("ERROR:"));
  const why = said[0] ?? stderr.trim().split("\n").at(-1) ?? "";
  throw new InstallFailure(`pip: ${why.replace(/^ERROR: /, "")}`);
}

function run(work: string, args: readonly string[]): { status: number | null; stderr: string } {
  const env = { PATH: "/usr/bin", HOME: work, TMPDIR: work, LANG: "C.UTF-8" };
  const ran = spawnSync(python, args, { cwd: work, env, maxBuffer: 2 ** 22, encoding: "utf8" });
  return { status: ran.status, stderr: ran.error?.message ?? ran.stderr };
}
