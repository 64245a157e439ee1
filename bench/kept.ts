/**
 * What was measured, suite by suite: a run of one rewrites that one only. `docs/performance.md` and the plots are always
 * written from all that is kept. Never: keeps a run that was only to see whether it works.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { plot } from "./plot.ts";
import type { Curve, Measured } from "./suite.ts";
import { type Row, table } from "./table.ts";

export interface Kept {
  readonly date: string;
  /** With `+` where the checkout was not as committed. */
  readonly commit: string;
  readonly machine: string;
  /** Of the machine, averages of a minute before and after; more than the cores = others wanted them too. */
  readonly load: readonly [number, number];
  readonly seconds: number;
  readonly about: string;
  readonly rows: readonly Row[];
  readonly curves: readonly Curve[];
}

export type Results = Readonly<Record<string, Kept>>;

const begin = "<!-- begin bench -->";
const end = "<!-- end bench -->";

function commitOf(directory: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  try {
    return `${git("rev-parse", "--short", "HEAD").trim()}${git("status", "--porcelain") === "" ? "" : "+"}`;
  } catch {
    // Without git, or in a copy without history, nobody knows.
    return "unknown";
  }
}

function machine(): string {
  const model = os.cpus()[0]?.model ?? "unknown processor";
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  return `${os.cpus().length} × ${model}, ${memory}, kernel ${os.release()}, node ${process.version}`;
}

const load = (): number => Number((os.loadavg()[0] ?? 0).toFixed(1));

/** Measures, and says when, on what and of which version. */
export async function described(
  about: string,
  directory: string,
  measure: () => Promise<Measured>,
): Promise<Kept> {
  const [before, began] = [load(), Date.now()];
  const { rows, curves = [] } = await measure();
  return {
    date: new Date(began).toISOString().slice(0, 10),
    commit: commitOf(directory),
    machine: machine(),
    load: [before, load()],
    seconds: Math.round((Date.now() - began) / 1000),
    ...{ about, rows, curves },
  };
}

/** None where there is no file; a file that is damaged is an error, or a run would throw all the others away. */
export function readResults(path: string): Results {
  if (!fs.existsSync(path)) return {};
  const { suites } = JSON.parse(fs.readFileSync(path, "utf8")) as { readonly suites?: Results };
  if (suites === undefined) throw new Error(`${path}: has no suites: move it away`);
  return suites;
}

/** Whole or not at all. */
function replace(path: string, text: string): void {
  fs.writeFileSync(`${path}.part`, text);
  fs.renameSync(`${path}.part`, path);
}

export function writeResults(path: string, suites: Results): void {
  replace(path, `${JSON.stringify({ suites }, null, 2)}\n`);
}

function section(name: string, kept: Kept): string {
  const {
    date,
    commit,
    machine: facts,
    load: [before, after],
    seconds,
    about,
    rows,
    curves,
  } = kept;
  const when = `${date}, commit ${commit}, load ${before} → ${after}, ${seconds} s; ${facts}`;
  const plots = curves.map(
    (curve) =>
      `![${curve.title}: the figures stand in the picture's description](performance-${curve.name}.svg)`,
  );
  const parts = [`### ${name}`, when, about, table(rows), ...plots];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** `order`: of the suites; what is kept of others, which are gone, is left out. */
export function pageOf(page: string, results: Results, order: readonly string[]): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  const sections = order.flatMap((name) => {
    const kept = results[name];
    return kept === undefined ? [] : [section(name, kept)];
  });
  return `${page.slice(0, from)}${begin}\n\n${sections.join("\n\n")}\n\n${page.slice(to)}`;
}

/** The page and a plot for each curve. The words around the block are people's. */
export function writePage(docs: string, results: Results, order: readonly string[]): void {
  const path = join(docs, "performance.md");
  replace(path, pageOf(fs.readFileSync(path, "utf8"), results, order));
  for (const { curves } of Object.values(results))
    for (const curve of curves) replace(join(docs, `performance-${curve.name}.svg`), plot(curve));
}
