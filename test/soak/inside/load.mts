/**
 * Runs in the container as root: mixed load for so many seconds, seeded. Tasks with tools, by `con task` and as files;
 * and commands as people give them. Prints what was sent and how commands ended, as JSON.
 *
 * Usage: node load.mts SEED SECONDS
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { drawer } from "./drawer.mts";

const [seed = "1", seconds = "20"] = process.argv.slice(2);
const agents = ["s-a", "s-b", "s-c", "s-d", "s-e", "s-f"];
const draw = drawer(Number(seed));
const oneOf = <T,>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;

type Call = readonly [string, object];

/** What a task of each kind asks for. */
const kinds: Readonly<Record<string, (key: string, other: string) => readonly Call[]>> = {
  files: (key) => [
    ["write_file", { path: `${key}.txt`, content: key }],
    ["edit_file", { path: `${key}.txt`, old_string: key, new_string: "x" }],
    ["delete_file", { path: `${key}.txt` }],
  ],
  shell: (key) => [["shell", { command: `echo ${key}; sleep 0.3; id -un` }]],
  long: () => [
    ["shell", { command: "sleep 3; date" }],
    ["list_files", { path: "." }],
  ],
  ask: (key, other) => [["ask_agent", { agent: other, message: `hello ${key}`, timeout: "2min" }]],
  send: (key, other) => [["send_task", { agent: other, text: `hello ${key}` }]],
  spawn: (key) => [
    [
      "spawn_agent",
      { role: "hand", goal: JSON.stringify([["shell", { command: `echo ${key}` }]]) },
    ],
  ],
  memory: (key) => [
    ["remember", { category: "note", title: "Of a soak", text: key, kind: "fact" }],
    ["recall", { query: "soak" }],
  ],
  code: (key) => [["run_code", { language: "shell", code: `echo ${key}; sleep 0.2` }]],
  web: () => [["fetch_webpage", { url: "http://192.0.2.1/" }]],
  plain: () => [],
};

const commands: readonly (readonly string[])[] = [
  ["status", "--json"],
  ["agent", "list", "--json"],
  ["agent", "show", "s-a"],
  ["responses", "s-b"],
  ["approvals", "list"],
  ["contract", "report"],
  ["memory", "search", "s-d", "soak"],
  ["healthcheck", "--json"],
  ["verify", "--json"],
  ["bootstrap", "--json"],
];

interface Sent {
  readonly agent: string;
  readonly key: string;
  readonly fate: "answer";
  readonly what: string;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function con(argv: readonly string[]): Promise<Ended> {
  const child = spawn("con", argv, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part) => {
    stdout += part;
  });
  child.stderr.on("data", (part) => {
    stderr += part;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

const sent: Sent[] = [];
const ends: Record<string, number> = {};
/** Commands that ended as none may: by a signal, with a stack, with a code of no meaning. */
const strange: string[] = [];
const end = Date.now() + Number(seconds) * 1000;

function note(argv: readonly string[], { code, signal, stderr }: Ended): void {
  const words = `con ${argv.slice(0, 2).join(" ")}`;
  const how = `${words}: ${signal ?? code}`;
  ends[how] = (ends[how] ?? 0) + 1;
  const isFair = code !== null && [0, 1, 65, 69, 75].includes(code);
  if (!isFair || /^\s+at .*:\d+:\d+\)?$/m.test(stderr))
    strange.push(`${how}: ${stderr.slice(0, 500)}`);
}

async function sendOne(index: number): Promise<void> {
  const agent = oneOf(agents);
  const other = oneOf(agents.filter((name) => name !== agent));
  const what = oneOf(Object.keys(kinds));
  const key = `soak-${String(index).padStart(6, "0")}`;
  const calls = kinds[what]?.(key, other) ?? [];
  const text = calls.length === 0 ? "hello" : JSON.stringify(calls);
  if (draw() < 0.7) {
    const inbox = `/srv/con/agents/${agent}/inbox`;
    fs.writeFileSync(`${inbox}/.${key}.task`, `${text}\n`);
    fs.renameSync(`${inbox}/.${key}.task`, `${inbox}/${key}.task`);
    sent.push({ agent, key, fate: "answer", what });
    return;
  }
  const argv = ["task", "--json", "-a", agent, text];
  const ended = await con(argv);
  note(argv, ended);
  if (ended.code !== 0) return;
  const { id } = JSON.parse(ended.stdout) as { id: string };
  sent.push({ agent, key: id, fate: "answer", what });
}

async function tasks(): Promise<void> {
  for (let index = 0; Date.now() < end; index += 1) {
    await sendOne(index);
    await sleep(200 + draw() * 1_000);
  }
}

async function people(): Promise<void> {
  while (Date.now() < end) {
    const argv = oneOf(commands);
    note(argv, await con(argv));
    await sleep(500 + draw() * 2_000);
  }
}

await Promise.all([tasks(), people()]);
console.log(JSON.stringify({ sent, ends, strange }));
