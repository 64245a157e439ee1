/**
 * `make proof [PARTS="crash fuzz"] [SCALE=0.01] [SEED=n]`: runs parts of test/proof/parts one after the other, each in
 * a process group of its own, keeps each result in .cache/proof and writes docs/proof.md from all that are kept.
 * Exit code 0 only if every part of this run met all its targets; 64 where the settings make no sense.
 * Never: a figure of its own. After a crash: results of the parts before, and a directory in the system's /tmp.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { page } from "./document.ts";
import { isMet, type Kept, keep, readKept } from "./kept.ts";
import { commitOf, machine } from "./machine.ts";
import type { PartResult } from "./part.ts";
import { BadSetting, readSettings, type Settings } from "./settings.ts";

/** Three times what the longest part takes in full; a hang still ends with a word about it. */
const limitMs = 8 * 3_600_000;

export interface Places {
  readonly parts: string;
  readonly kept: string;
  readonly found: string;
  readonly document: string;
}

export function partNames(directory: string): string[] {
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const modules = files.filter((name) => /^[a-z][a-z0-9-]*\.ts$/.test(name));
  return modules.map((name) => name.slice(0, -3)).sort();
}

/** Returns the exit code. */
export async function prove(
  settings: Settings,
  places: Places,
  say: (line: string) => void,
): Promise<number> {
  const { parts, scale, seed } = settings;
  say(`proof: ${parts.length} parts (${parts.join(" ")}), scale ${scale}, seed ${seed}`);
  const ended: Kept[] = [];
  for (const name of parts) {
    const one = await runPart(name, settings, places, say);
    if (!keep(places.kept, one)) say(`${name}: a result at a larger scale is kept in its place`);
    for (const line of summary(one)) say(line);
    ended.push(one);
    writeFileSync(places.document, page(readKept(places.kept), readFileSync(places.found, "utf8")));
  }
  const missed = ended.filter((one) => !isMet(one)).map(({ name }) => name);
  say(missed.length === 0 ? "proof: every target is met" : `proof: missed: ${missed.join(" ")}`);
  return missed.length === 0 && ended.length > 0 ? 0 : 1;
}

async function runPart(
  name: string,
  { seed, scale }: Settings,
  places: Places,
  say: (line: string) => void,
): Promise<Kept> {
  const directory = mkdtempSync(join(tmpdir(), `con-proof-${name}-`));
  const output = join(directory, "result.json");
  const scratch = mkdtempSync(join(directory, "scratch-"));
  const module = resolve(places.parts, `${name}.ts`);
  const argv = [join(import.meta.dirname, "child.ts"), module, `${seed}`, `${scale}`];
  const started = Date.now();
  try {
    const failure = await waitFor([...argv, scratch, output], (line) => say(`${name}: ${line}`));
    const said = existsSync(output) ? readFileSync(output, "utf8") : null;
    return {
      ...read(failure === null ? said : null),
      name,
      failure: failure ?? (said === null ? "ended without a result" : null),
      ...commitOf(process.cwd()),
      seed,
      scale,
      date: new Date(started).toISOString(),
      seconds: Math.round((Date.now() - started) / 100) / 10,
      machine: machine(),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function read(text: string | null): { claim: string; result: PartResult | null } {
  if (text === null) return { claim: "", result: null };
  return JSON.parse(text) as { claim: string; result: PartResult };
}

/** Null if it ended well, else how it ended. Whatever it left running goes with it. */
async function waitFor(argv: string[], say: (line: string) => void): Promise<string | null> {
  const child = spawn(process.execPath, argv, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let last = "";
  let late = false;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() !== "") last = line.trim();
      say(line);
    });
  }
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, limitMs);
  const stop = () => killGroup(child.pid);
  process.once("exit", stop);
  child.once("exit", stop);
  const [code, signal] = await closed;
  clearTimeout(timer);
  process.off("exit", stop);
  if (late) return `did not end within ${limitMs / 3_600_000} hours`;
  return code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}: ${last}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // Nobody is left in it.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function summary({ name, result, failure, seconds }: Kept): string[] {
  if (result === null) return [`${name}: FAILED: ${failure} (${seconds} s)`];
  const lines = result.figures.map(({ what, value, unit, target, ok }) => {
    const asked = target === undefined ? "" : ` (asked: ${target})`;
    return `${name}: ${ok ? "ok    " : "MISSED"} ${what}: ${value}${unit ? ` ${unit}` : ""}${asked}`;
  });
  return [...lines, `${name}: ${seconds} s`];
}

async function main(): Promise<number> {
  const root = resolve(import.meta.dirname, "../..");
  const places: Places = {
    parts: join(import.meta.dirname, "parts"),
    kept: join(root, ".cache/proof"),
    found: join(import.meta.dirname, "found.md"),
    document: join(root, "docs/proof.md"),
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));
  try {
    const settings = readSettings(process.env, partNames(places.parts), randomInt(2 ** 32));
    return await prove(settings, places, (line) => console.log(line));
  } catch (error) {
    if (!(error instanceof BadSetting)) throw error;
    console.error(error.message);
    return 64;
  }
}

if (import.meta.main) process.exitCode = await main();
