/**
 * docs/commands.md: every command of con, out of what `--help` prints. Runs nothing but help.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Io } from "../../src/commands/shared/io.ts";
import { cell } from "./markdown.ts";

const source = resolve(import.meta.dirname, "../../src");

export interface Verb {
  /** `con agent pause`. */
  readonly name: string;
  /** The whole of its help. */
  readonly help: string;
}

interface Module {
  readonly run: (argv: string[], io: Io) => Promise<number>;
}

/** The first word of each command, as src/con.ts has them. */
export const commandNames = (): string[] =>
  [...mainSource().matchAll(/^ {2}(\w+): \(\) => import\(/gm)].map((hit) => hit[1] ?? "");

const mainSource = (): string => readFileSync(join(source, "con.ts"), "utf8");

/** All of them, a group followed by what is below it. */
export async function readVerbs(): Promise<Verb[]> {
  const verbs: Verb[] = [];
  for (const name of commandNames()) {
    if (name === "help") continue;
    const { run } = (await import(join(source, "commands", `${name}.ts`))) as Module;
    const help = await helpOf(run, []);
    verbs.push({ name: `con ${name}`, help });
    for (const below of subverbsIn(help))
      verbs.push({ name: `con ${name} ${below}`, help: await helpOf(run, [below]) });
  }
  return verbs;
}

async function helpOf(run: Module["run"], words: readonly string[]): Promise<string> {
  let text = "";
  const out = (part: string | Uint8Array): boolean => {
    text += part.toString();
    return true;
  };
  const write = process.stdout.write;
  // Services print without an Io, so as to load nothing for it.
  process.stdout.write = out;
  try {
    const code = await run([...words, "--help"], { ...quietIo, out: (part) => void out(part) });
    if (code !== 0) throw new Error(`con ${words.join(" ")} --help ends with ${code}`);
  } finally {
    process.stdout.write = write;
  }
  return text;
}

const quietIo: Io = {
  out: () => undefined,
  err: () => undefined,
  input: async function* () {},
  env: {},
  cwd: "/",
  uid: 0,
  now: () => 0,
  terminal: { out: false, err: false },
  interrupted: () => new AbortController().signal,
};

function subverbsIn(help: string): string[] {
  const list = /^Commands:\n((?: {2}\S.*\n)+)/m.exec(help)?.[1] ?? "";
  return [...list.matchAll(/^ {2}(\S+)/gm)].map((hit) => hit[1] ?? "");
}

/** `--wait[=seconds]`, `-a, --agent <name>`, without the one that all have. */
const optionsIn = (help: string): string[] => {
  const list = /^Options:\n((?:[ ]{2,}\S.*\n?)+)/m.exec(help)?.[1] ?? "";
  const words = [...list.matchAll(/^ {2}(-\S.*?)(?: {2,}.*)?$/gm)].map((hit) => hit[1] ?? "");
  return words.filter((one) => one !== "-h, --help");
};

export async function commandsPage(): Promise<string> {
  const verbs = await readVerbs();
  return [
    "# Every command",
    "",
    "Written by `node test/docs/document.ts` from what the commands print; do not edit.",
    "",
    "`con COMMAND --help` says more: what an option means, keys of `--json`, exit codes, examples. `con --root DIR COMMAND`",
    "is about the directory of `con dev`, `con --debug COMMAND` prints a stack trace with an error. Exit codes: 0 ok, 1 the",
    "answer is no, 64 usage, 65 bad input, 69 unavailable, 70 a bug in con, 73 cannot create, 75 try later, 77 permission,",
    "78 configuration.",
    "",
    ...(await headings()).flatMap(({ title, names }) => [
      `## ${title}`,
      "",
      "| command | what it does | options |",
      "|---|---|---|",
      ...verbs.filter((verb) => isOf(verb, names)).map(rowOf),
      "",
    ]),
    "`con help COMMAND` is `con COMMAND --help`.",
    "",
  ].join("\n");
}

/** A group has no row of its own: what is below it does. */
const isOf = ({ name, help }: Verb, names: readonly string[]): boolean =>
  names.includes(name.split(" ")[1] ?? "") && subverbsIn(help).length === 0;

interface Heading {
  readonly title: string;
  readonly names: readonly string[];
}

/** The sections of `con help`. */
export async function headings(): Promise<Heading[]> {
  const { run } = (await import(join(source, "commands/help.ts"))) as Module;
  const overview = await helpOf(run, []);
  const sections = [...overview.matchAll(/^(\S.*)\n((?: {2}[a-z].*\n)+)/gm)].map(
    ([, title = "", list = ""]) => ({
      title,
      names: [...list.matchAll(/^ {2}([a-z]+) {2}/gm)].map((hit) => hit[1] ?? ""),
    }),
  );
  const started = [...overview.matchAll(/^(Started by .*): (.*)$/gm)];
  return [
    ...sections.filter(({ names }) => names.length > 0),
    ...started.map(([, title = "", list = ""]) => ({ title, names: list.split(", ") })),
  ];
}

function rowOf({ help }: Verb): string {
  const [usage = "", summary = ""] = help.split("\n\n");
  const line = usage.replace(/^Usage: /, "").replace(" [options]", "");
  const options = optionsIn(help).map((one) => `\`${one}\``);
  return `| \`${line.replaceAll("|", "\\|")}\` | ${cell(summary)} | ${options.join(", ").replaceAll("|", "\\|")} |`;
}
