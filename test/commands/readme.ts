/**
 * The commands of README.md and of the pages in docs/.
 *
 * A fence says where its commands run: ```sh host (repository root, as root), ```sh container (in the
 * booted system, as root), ```sh dev (an empty directory). `test` behind it marks what is the test run
 * itself. A fence without a language is an example that needs something only the reader has.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const repository = join(import.meta.dirname, "../..");

export type Where = "host" | "container" | "dev";

export interface Block {
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly where: Where;
  /** True for the test command itself: running it here would never end. */
  readonly isTest: boolean;
  readonly commands: readonly string[];
}

const places: readonly string[] = ["host", "container", "dev"] satisfies Where[];

export const readPage = (path: string): string => readFileSync(join(repository, path), "utf8");

export const readReadme = (): string => readPage("README.md");

/** README.md first. */
export const documents = (): string[] => [
  "README.md",
  ...readdirSync(join(repository, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort(),
];

/** Not written by a program. */
export const writtenByHand = (): string[] =>
  documents().filter((path) => !readPage(path).slice(0, 600).includes("Written by `"));

/** Throws for a `sh` fence that does not say where it runs. */
export function shellBlocks(markdown: string, page = "README.md"): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const info = /^```(\S*)\s*(.*)$/.exec(lines[at] ?? "");
    if (info === null) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: the fence is not closed`);
    const [where, ...rest] = (info[2] ?? "").split(/\s+/);
    if (["sh", "bash", "shell", "console"].includes(info[1] ?? "")) {
      if (where === undefined || !places.includes(where))
        throw new Error(`${page}:${at + 1}: say where it runs: sh host, sh container or sh dev`);
      const commands = joined(lines.slice(at + 1, end));
      blocks.push({ line: at + 1, where: where as Where, isTest: rest.includes("test"), commands });
    }
    at = end;
  }
  return blocks;
}

/** One command a line; a backslash at the end goes on; comments and empty lines are not commands. */
function joined(lines: readonly string[]): string[] {
  const text = lines.join("\n").replace(/\s*\\\n\s*/g, " ");
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
}
