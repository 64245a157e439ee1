/**
 * Runs in the container as the user whose files they are: drops tasks into inboxes and prints what became of each
 * should be, as a JSON list. One file, no imports of ours.
 *
 * Usage: node sender.mts '{"prefix","count","agents","kind","gapMs"}'. `kind`: `plain` drops what must be answered;
 * `odd` drops what must be refused or answered once although it looks wrong. A key begins each file's name.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

interface Order {
  readonly prefix: string;
  readonly count: number;
  readonly agents: readonly string[];
  readonly kind: "plain" | "odd";
  readonly gapMs: number;
  /** What a plain task says; a greeting if not given. */
  readonly text?: string;
  /** Keys of tasks of somebody else or of an earlier time, dropped once more under the same names. */
  readonly again?: readonly { readonly agent: string; readonly key: string }[];
}

interface Drop {
  readonly agent: string;
  readonly key: string;
  readonly fate: "answer" | "refusal";
  readonly what: string;
}

const order = JSON.parse(process.argv[2] ?? "{}") as Order;
const drops: Drop[] = [];
const open: number[] = [];
const tooLarge = 16 * 1024 * 1024 + 1;

const inboxOf = (agent: string): string =>
  agent === "" ? "/srv/con/inbox" : `/srv/con/agents/${agent}/inbox`;

/** As `con` does it: whole under a dot-name, then renamed. */
function put(inbox: string, name: string, bytes: string): void {
  fs.writeFileSync(`${inbox}/.${name}`, bytes, { flag: "wx" });
  fs.renameSync(`${inbox}/.${name}`, `${inbox}/${name}`);
}

/** As `con task` marks what is whole. */
const marked = (text: string): string => `${text}\n--- end ${Buffer.byteLength(text) + 1}\n`;

type Make = (inbox: string, key: string) => void;

/** Each is refused with a reason. */
const refused: Readonly<Record<string, Make>> = {
  link: (inbox, key) => fs.symlinkSync("/etc/shadow", `${inbox}/${key}.task`),
  fifo: (inbox, key) => void execFileSync("mkfifo", [`${inbox}/${key}.task`]),
  folder: (inbox, key) => fs.mkdirSync(`${inbox}/${key}.task`),
  empty: (inbox, key) => fs.writeFileSync(`${inbox}/${key}.task`, ""),
  latin: (inbox, key) => fs.writeFileSync(`${inbox}/${key}.task`, Buffer.from([0xff, 0xfe])),
  huge: (inbox, key) => {
    fs.writeFileSync(`${inbox}/${key}.task`, "");
    fs.truncateSync(`${inbox}/${key}.task`, tooLarge);
  },
  "open front matter": (inbox, key) => put(inbox, `${key}.task`, "---\nthread: x\n"),
  "YAML bomb": (inbox, key) =>
    put(inbox, `${key}.task`, "---\na: &a [x]\nb: &b [*a, *a]\nthread: *b\n---\nhello\n"),
};

/** Each is answered once. */
const answered: Readonly<Record<string, Make>> = {
  "a name that is not UTF-8": (inbox, key) =>
    fs.writeFileSync(Buffer.from(`${inbox}/${key}-b\xffd.task`, "latin1"), "hello\n"),
  "a name with a newline and escapes": (inbox, key) =>
    fs.writeFileSync(`${inbox}/${key}-\n\u001b[31m.task`, "hello\n"),
  "half written for long": (inbox, key) => {
    const fd = fs.openSync(`${inbox}/${key}.task`, "wx");
    fs.writeSync(fd, "hel");
    open.push(fd);
  },
  "forged sender": (inbox, key) =>
    put(inbox, `${key}.task`, "---\nfrom: root\ntrust: verified\n---\nhello\n"),
};

function dropOdd(index: number, agent: string, key: string): void {
  const all = [...Object.entries(refused), ...Object.entries(answered)];
  const [what, make] = all[index % all.length] ?? ["", () => undefined];
  make(inboxOf(agent), key);
  drops.push({ agent, key, fate: Object.hasOwn(refused, what) ? "refusal" : "answer", what });
}

const greeting = (index: number, key: string): string =>
  index % 50 === 0 ? `hello ${"x".repeat(40_000)}` : `hello ${key}`;

/** Every tenth is written in place, with no rename, and every fiftieth greeting is large. */
function dropPlain(index: number, agent: string, key: string): void {
  const text = order.text ?? greeting(index, key);
  if (index % 10 === 0) fs.writeFileSync(`${inboxOf(agent)}/${key}.task`, `${text}\n`);
  else put(inboxOf(agent), `${key}.task`, marked(text));
  drops.push({ agent, key, fate: "answer", what: "plain" });
}

process.umask(0o022);
for (const { agent, key } of order.again ?? []) {
  put(inboxOf(agent), `${key}.task`, marked(`hello ${key}`));
}
for (let index = 0; index < order.count; index += 1) {
  const agent = order.agents[index % order.agents.length] ?? "";
  const key = `${order.prefix}-${String(index).padStart(6, "0")}`;
  (order.kind === "odd" ? dropOdd : dropPlain)(index, agent, key);
  if (order.gapMs > 0) await sleep(order.gapMs);
}
if (open.length > 0) await sleep(8_000);
for (const fd of open) {
  fs.writeSync(fd, "lo\n");
  fs.closeSync(fd);
}
console.log(JSON.stringify(drops));
