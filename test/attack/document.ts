/**
 * The page docs/attacks.md, written from the tables: `node test/attack/document.ts >docs/attacks.md`.
 * test/attack/document.test.ts holds both equal.
 */
import { groups } from "./attempts.ts";
import { names, odd, requests, strange } from "./sender.ts";
import { agentStories, type Story, senderStories } from "./stories.ts";
import type { Attempt, ControlPlace, Vantage } from "./table.ts";

const vantages: Readonly<Record<Vantage, string>> = {
  shell: "S",
  server: "M",
  program: "E",
  code: "C",
  runner: "R",
  worker: "W",
  online: "N",
  granted: "G",
  outside: "U",
};

const controls: Readonly<Record<ControlPlace, string>> = {
  root: "as root",
  user: "as its user, outside of the unit",
  there: "from there, at what it may reach",
};

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n");

const attemptRow = ({ name, loses, stops, from, control }: Attempt): string =>
  row(name, from.map((one) => vantages[one]).join(" "), loses, stops, controls[control.as]);

const storyRow = ({ name, loses, stops, control }: Story): string =>
  row(name, loses, stops, control);

const intro = `# Attacks that are tried

Written by \`node test/attack/document.ts\` from the tables in test/attack; do not edit. All of it runs in a booted
container with \`test/image/attack*.test.ts\`: an attempt that comes off is a failure, one that is stopped by
something else than meant too, and so is a control that does not come off: it is the same attempt made where the
defence is not in its way.

Attempts are made as an agent

- S: by a command of the tool \`shell\`, asked for by a model, inside bubblewrap
- M: by a program that is its MCP server
- E: by a program that does its tasks in place of con's loop
- C: by code in a throw-away sandbox
- R: in place of its runner, in its own unit with all directives, tier operator
- W: the same, tier worker
- N: the same, a worker that may connect to one address
- G: the same, an agent that has the throw-away sandbox and the browser
- U: as its user without a unit: what owners, modes, access lists and packet rules hold alone`;

const attemptHead = ["attempt", "from", "what would be lost", "what stops it", "comes off"];
const storyHead = ["attempt", "what would be lost", "what stops it", "control"];

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");

const sections = [
  intro,
  ...groups.map(
    ({ title, attempts }) => `## ${title}\n\n${table(attemptHead, attempts.map(attemptRow))}`,
  ),
  `## In several steps\n\n${table(storyHead, agentStories.map(storyRow))}`,
  `## As a sender\n\nA member of \`trusted\`, another agent and a stranger.\n\n${table(storyHead, senderStories.map(storyRow))}`,
  `Files that are no tasks:\n\n${list(odd.map(({ what }) => what))}`,
  `Tasks with odd contents, which are answered:\n\n${list(strange.map(({ what }) => what))}`,
  `Names of files, ${names.length} of them: line ends, shell, globs, escapes, bidi, the longest, options.`,
  `Files that are no requests to the steward:\n\n${list(requests.map(({ what }) => what))}`,
];

export const page = (): string => `${sections.join("\n\n")}\n`;

if (import.meta.main) process.stdout.write(page());
