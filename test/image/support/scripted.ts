/** A scripted provider (test/support/scripted-model.ts) within a container, and what the ledger has of its calls. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Container, repository } from "./container.ts";

export interface ScriptedProvider {
  /** Begins the names of its unit and its files. */
  readonly name: string;
  readonly port: number;
  readonly script: readonly object[];
  /** Where it writes what it was asked, a line for each request. */
  readonly log: string;
}

/** Starts it as a unit of its own; a request that comes too early is tried again by whoever sends it. */
export async function startProvider(
  container: Container,
  { name, port, script, log }: ScriptedProvider,
): Promise<void> {
  const [server, turns] = [`/run/${name}-model.ts`, `/run/${name}-script.json`];
  await container.copyIn(
    server,
    await readFile(join(repository, "test/support/scripted-model.ts")),
  );
  await container.copyIn(turns, JSON.stringify(script));
  await container.must([
    ...["systemd-run", "--quiet", `--unit=${name}-model`, "/usr/bin/node", server],
    ...["--port", String(port), "--script", turns, "--log", log],
  ]);
}

/** Makes it the provider of `alias`, or of the one that agents have. */
export async function useProvider(
  container: Container,
  port: number,
  alias?: string,
): Promise<void> {
  const url = `http://127.0.0.1:${port}/v1`;
  const more = alias === undefined ? [] : ["--alias", alias];
  const argv = ["con", "model", "use", "scripted/scripted-1", "--base-url", url, ...more];
  await container.must(argv);
}

const query = `
  import { createRequire } from "node:module";
  const Database = createRequire("/usr/lib/con/con.mjs")("better-sqlite3");
  const database = new Database("/srv/con/logs/ledger/ledger.db", { readonly: true });
  const [task = null] = process.argv.slice(1);
  console.log(JSON.stringify(database.prepare(
    "SELECT * FROM calls WHERE ? IS NULL OR task_claimed = ? ORDER BY id",
  ).all(task, task)));`;

export interface LedgerRow {
  readonly agent: string;
  readonly alias: string;
  readonly basis: string;
  readonly status: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** Calls that were paid for, of one task or of all. */
export async function ledgerRows(container: Container, task?: string): Promise<LedgerRow[]> {
  const argv = ["/usr/bin/node", "--input-type=module", "-e", query];
  const text = await container.must(task === undefined ? argv : [...argv, task]);
  return JSON.parse(text) as LedgerRow[];
}
