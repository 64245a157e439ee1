/** Everything that a boot finds of tasks, effects, trails and databases, once nothing is under way any more. */
import fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { agents, baseOf, run } from "./machine.ts";

/** In seconds of the machine, whose processor is emulated. */
const patience = 400;
const queues = ["inbox", "queue/active", "queue/deferred", "queue/held"];
const finals = ["inbox", "outbox", "processed", "state/journal", "queue/active"];

const names = (directory: string): string[] =>
  fs.existsSync(directory) ? fs.readdirSync(directory) : [];

const queued = (): string[] =>
  agents.flatMap((agent) =>
    queues.flatMap((queue) =>
      names(join(baseOf(agent), queue))
        .filter((name) => name.endsWith(".task"))
        .map((name) => `${agent}/${queue}/${name}`),
    ),
  );

const isRunning = (): boolean =>
  agents.some((agent) => {
    const { text } = run(["systemctl", "is-active", `con@${agent}.service`]);
    return ["active", "activating", "deactivating"].includes(text.trim());
  });

const uptime = (): number => Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]);

/** Waits until every task has ended; returns those that have not, should that take too long. */
export async function settled(): Promise<string[]> {
  const limit = uptime() + patience;
  while ((queued().length > 0 || isRunning()) && uptime() < limit) await sleep(500);
  return queued();
}

export function stateOf() {
  // The gateway has the ledger open otherwise; its socket starts it again.
  run(["systemctl", "stop", "con-gateway.service"]);
  return {
    agents: agents.map(ofAgent),
    chains: run(["con", "logs", "--verify", "--json"]),
    drift: run(["con", "verify", "--host"]),
    databases: databases(),
    failed: run(["systemctl", "list-units", "--failed", "--plain", "--no-legend", "con*"]).text,
  };
}

function ofAgent(agent: string) {
  const base = baseOf(agent);
  const outbox = names(`${base}/outbox`);
  const records = outbox.filter((name) => /^[^.].*\.json$/.test(name));
  const effects = `${base}/workspace/effects`;
  return {
    agent,
    tasks: records.map((name) => ended(`${base}/outbox`, name.slice(0, -".json".length), outbox)),
    effects: fs.existsSync(effects) ? linesOf(fs.readFileSync(effects, "utf8")) : [],
    broken: finals.flatMap((directory) => brokenIn(join(base, directory))),
    refused: ["queue/corrupt", "queue/failed"].flatMap((queue) => names(join(base, queue))),
  };
}

/**
 * Where a line was cut before its sync, ext4 may have the new length of the file and not the bytes: zeros, which the
 * next line follows.
 */
const linesOf = (text: string): string[] => text.replaceAll("\0", "").split("\n").slice(0, -1);

/** Id, status, and the last word of the answer that says what was done; null without an answer, empty if it says none. */
function ended(outbox: string, id: string, all: readonly string[]) {
  const { status, error } = JSON.parse(fs.readFileSync(`${outbox}/${id}.json`, "utf8")) as {
    readonly status: string;
    readonly error: string | null;
  };
  const answer = all.includes(`${id}.response`)
    ? fs.readFileSync(`${outbox}/${id}.response`, "utf8")
    : null;
  const written = answer === null ? null : (/written (\S+)/.exec(answer)?.[1] ?? "");
  return { id, status, error, written, said: written === "" ? (answer ?? "").slice(0, 300) : "" };
}

/** Files under a final name that are not whole. A journal's last line may be cut; no other may. */
function brokenIn(directory: string): string[] {
  return names(directory)
    .filter((name) => !name.startsWith("."))
    .filter((name) => !isWhole(join(directory, name), name))
    .map((name) => join(directory, name));
}

function isWhole(path: string, name: string): boolean {
  if (fs.statSync(path).isDirectory()) return true;
  const text = fs.readFileSync(path, "utf8");
  if (text.includes("\0")) return false;
  if (name.endsWith(".task")) return hasItsEnd(path.includes("/inbox/") ? text : withoutHead(text));
  if (name.endsWith(".json")) return isJson(text);
  if (name.endsWith(".jsonl")) return text.split("\n").slice(0, -1).every(isJson);
  return text !== "";
}

/** As a runner keeps a task: a line of its own before the sender's bytes. */
const withoutHead = (text: string): string => text.slice(text.indexOf("\n") + 1);

function hasItsEnd(text: string): boolean {
  const marker = text.lastIndexOf("--- end ");
  const size = Buffer.byteLength(text.slice(0, marker));
  return marker >= 0 && text.slice(marker) === `--- end ${size}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Each is copied with its log into memory first: opened in place, SQLite would leave files of root's there. */
function databases() {
  const found = run(["find", "/srv/con", "/var/lib/con", "-name", "*.db", "-type", "f"]).text;
  const paths = found.split("\n").filter((path) => path !== "");
  return paths.map((path) => ({ path, says: integrity(path) }));
}

function integrity(path: string): string {
  const place = fs.mkdtempSync("/run/con-power-");
  try {
    for (const end of ["", "-wal"]) {
      if (fs.existsSync(`${path}${end}`)) fs.copyFileSync(`${path}${end}`, `${place}/copy${end}`);
    }
    const database = new DatabaseSync(`${place}/copy`);
    try {
      return String(Object.values(database.prepare("PRAGMA integrity_check").get() ?? {})[0]);
    } finally {
      database.close();
    }
  } catch (error) {
    return String(error);
  } finally {
    fs.rmSync(place, { recursive: true });
  }
}
