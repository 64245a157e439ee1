/**
 * Every command of con (src/con.ts), and how it is made to show words of agents; a command that is not here fails
 * test/attack/document.test.ts. And a hostile agent's words, in all places that commands read.
 */
import { digestOf, json, versionFiles } from "../../src/tools/forge/version-files.ts";

/** Title of the terminal, colours, the other direction, a line that overwrites its beginning, C1, HTML. */
export const evil =
  "\u001b]0;owned\u0007\u001b[31mred\u202ekcab\u2066x\r\u009b2Jover\u0008<script>alert(1)</script>";

/** What a terminal would act on, or show in an order that is not the text's. */
export const acts =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

export interface Ids {
  readonly vandal: string;
  readonly colleague: string;
  readonly proposal: string;
}

type Words = readonly string[];
/** A text says why the command is not called. Each list is called as it is, and with --json where there is `json`. */
type Shown =
  | string
  | ((ids: Ids) => { readonly text?: readonly Words[]; readonly json?: readonly Words[] });

const byUnits = "started by a unit: what it says goes to the journal, which con logs shows";

export const shown: Readonly<Record<string, Shown>> = {
  run: byUnits,
  gateway: byUnits,
  browser: byUnits,
  sweep: byUnits,
  upkeep: byUnits,
  schedule: byUnits,
  steward: byUnits,
  canary: "started by a contract check; says one line of its own",
  data: "started in an agent's sandbox; speaks to the runner",
  loopback: "started in an agent's sandbox; speaks to the runner",
  mcp: "speaks JSON to a program; test/image/mcp.test.ts",
  dev: "a system of its own in one directory; the same commands show it",
  help: () => ({ text: [["--help"]] }),
  task: () => ({ json: [["-a", "colleague", evil]] }),
  show: ({ vandal, colleague }) => ({ json: [[vandal], [colleague]] }),
  trace: ({ vandal, colleague }) => ({ json: [[vandal], [colleague]] }),
  cancel: ({ vandal }) => ({ text: [[vandal]] }),
  retry: ({ vandal }) => ({ text: [[vandal]] }),
  status: () => ({ json: [[], ["vandal"], ["colleague"]] }),
  top: () => ({ json: [["--once"]] }),
  responses: () => ({ json: [[], ["vandal"]] }),
  logs: () => ({
    json: [
      ["-n", "300"],
      ["-n", "300", "vandal"],
      ["--audit", "-n", "300"],
    ],
  }),
  agent: () => ({ json: [["list"], ["show", "evil"], ["show", "vandal"]] }),
  approvals: ({ proposal }) => ({ json: [["list"], ["show", proposal]] }),
  proposal: ({ proposal }) => ({ json: [["list"], ["show", proposal]] }),
  memory: () => ({
    json: [
      ["search", "vandal", "red"],
      ["show", "vandal"],
      ["show", "vandal", "m1"],
      ["threads", "vandal"],
    ],
  }),
  skill: () => ({ json: [["list"]] }),
  tool: () => ({
    json: [
      ["list", "--agent", "vandal"],
      ["show", "evil", "--agent", "vandal"],
      ["test", "evil", "--agent", "vandal"],
      ["list", "--shared"],
    ],
  }),
  package: () => ({ json: [["list"]] }),
  halt: () => ({ text: [["--why", evil, "nobody"]] }),
  resume: () => ({ text: [["--why", evil, "nobody"]] }),
  model: () => ({ json: [["list"]] }),
  credential: () => ({ json: [["list"]] }),
  contract: () => ({ json: [["list"], ["report"]] }),
  healthcheck: () => ({ text: [["--all"]] }),
  doctor: () => ({ json: [[]] }),
  bootstrap: () => ({ text: [[]] }),
  verify: () => ({ json: [[]] }),
  reapply: () => ({ text: [["--dry-run"], []] }),
};

/** All calls; without `isFull` those that print text, as a table or a page. */
export const callsOf = (ids: Ids, isFull: boolean): string[][] => [
  ["con", evil],
  ...Object.entries(shown).flatMap(([verb, how]) => {
    if (typeof how === "string") return [];
    const { text = [], json: both = [] } = how(ids);
    const plain = [...text, ...both].map((words) => ["con", verb, ...words]);
    if (!isFull) return plain;
    // What it refuses it repeats.
    return [
      ...plain,
      ...both.map((words) => ["con", verb, ...words, "--json"]),
      ["con", verb, evil],
      ["con", verb, `--${evil}`],
    ];
  }),
];

/** Runs all calls in the container, two at a time: `[[words, what came], …]`. */
export const runAll = `
  import fs from "node:fs";
  import { execFile } from "node:child_process";
  const calls = JSON.parse(fs.readFileSync(0, "utf8"));
  const said = [];
  const next = async () => {
    for (let call = calls.shift(); call; call = calls.shift()) {
      const [program, ...words] = call;
      await new Promise((resolve) => {
        const child = execFile(program, words, { maxBuffer: 1e8 }, (_, stdout, stderr) => {
          said.push([words, stdout + stderr]);
          resolve();
        });
        child.stdin.end();
      });
    }
  };
  await Promise.all([next(), next()]);
  console.log(JSON.stringify(said));`;

const purpose = `count ${evil}`;
const manifest = {
  ...{
    format: 1,
    name: "evil",
    version: 1,
    purpose,
    language: "shell",
    dependencies: [],
    layers: [],
  },
  inputs: { type: "object", description: evil },
  output: { type: "object", description: evil },
  limits: { timeoutSeconds: 5, memoryMb: 64 },
  tainted: false,
  made: { at: 0, task: evil, rounds: 1, model: evil },
};
const files = [json(manifest), ...[`echo '${evil}'`, "[]", evil].map((text) => Buffer.from(text))];

/** A forged tool that nobody forged: path below the agent's tools → text. */
export const forgedTool: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(
    versionFiles.map((name, n) => [`versions/evil/1/${name}`, files[n] ?? Buffer.alloc(0)]),
  ),
  "current/evil.json": json({ format: 1, version: 1, digests: { 1: digestOf(files) } }),
};
