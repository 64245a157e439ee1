/** A real gateway on a Unix socket in a temporary directory, in front of a scripted model. */

import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { noBudget } from "../../src/config/authority.ts";
import type { GatewayRuntime, Payer } from "../../src/config/runtime.ts";
import type { Budget, ModelAlias } from "../../src/config/types.ts";
import { startGateway } from "../../src/gateway/program.ts";
import { createModelClient } from "../../src/model/client.ts";
import type { ModelEvent, ModelRequest } from "../../src/model/types.ts";
import { createLog } from "../../src/system/log.ts";
import { loadPeerReader, type ReadPeer } from "../../src/system/peercred.ts";
import { type Rule, type ScriptedModel, startScriptedModel } from "../support/scripted-model.ts";

export interface GatewayWorld {
  readonly upstream: ScriptedModel;
  readonly socket: string;
  readonly logged: string[];
  readonly ask: (text: string, model?: string, task?: string) => Promise<ModelEvent[]>;
  readonly raw: (path: string, body: string | null) => Promise<{ status: number; body: string }>;
  readonly ledger: () => Record<string, unknown>[];
  /** Changes the configuration from the next request on. */
  readonly configure: (change: Partial<GatewayRuntime>) => void;
  readonly close: () => Promise<void>;
}

export const secret = "sk-test-0123456789abcdef0123456789";

export interface WorldOptions {
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  readonly maxConcurrent?: number;
  readonly readPeer?: ReadPeer;
  readonly models?: readonly string[];
  /** Ancestors of `worker`. */
  readonly payers?: readonly Payer[];
  readonly ledger?: string;
  /** Of the system, and of the agent `worker`. */
  readonly budget?: Partial<Budget>;
  readonly agentBudget?: Partial<Budget>;
  /** Of every alias; null = unknown. */
  readonly price?: ModelAlias["usdPerMillion"];
  /** The scripted model begins no answer before. */
  readonly until?: Promise<void>;
}

/** Noon, so that no test sees its day end. */
const start = Date.parse("2027-01-05T12:00:00Z");

export const emptyRuntime: GatewayRuntime = {
  version: 1,
  providers: {},
  models: {},
  maxConcurrent: 4,
  ledger: "/nonexistent/ledger.db",
  audit: "/nonexistent/audit",
  budget: noBudget,
  callers: [],
};

const defaultPrice = { input: 1, output: 10 };

export async function openWorld(
  rules: readonly Rule[],
  options: WorldOptions = {},
): Promise<GatewayWorld> {
  const directory = await mkdtemp(join(tmpdir(), "con-gateway-"));
  const { until } = options;
  const upstream = await startScriptedModel(rules, until === undefined ? {} : { until });
  const socket = join(directory, "gateway.sock");
  const ledgerPath = options.ledger ?? join(directory, "ledger.db");
  const { aliases = { smart: ["up/scripted-1"] }, price = defaultPrice } = options;
  const aliasOf = (use: readonly string[]): ModelAlias => ({
    use,
    context: null,
    usdPerMillion: price,
  });
  let runtime: GatewayRuntime = {
    version: 1,
    providers: {
      up: { baseUrl: upstream.url, credential: "up" },
      away: { baseUrl: "http://127.0.0.1:9/v1", credential: null },
    },
    models: Object.fromEntries(Object.entries(aliases).map(([name, use]) => [name, aliasOf(use)])),
    maxConcurrent: options.maxConcurrent ?? 4,
    ledger: ledgerPath,
    audit: join(directory, "audit"),
    budget: { ...noBudget, ...options.budget },
    callers: [
      {
        uid: 4242,
        name: "worker",
        tier: "worker",
        models: options.models ?? ["smart"],
        budget: { ...noBudget, ...options.agentBudget },
        payers: options.payers ?? [],
      },
    ],
  };
  const logged: string[] = [];
  const began = performance.now();
  const gateway = startGateway({
    current: () => runtime,
    listen: { path: socket },
    credentials: null,
    readKey: ({ credential }) => ({ ok: true, key: credential === null ? null : secret }),
    readPeer: options.readPeer === undefined ? loadPeerReader() : Promise.resolve(options.readPeer),
    log: createLog((text) => logged.push(text)),
    idleMs: null,
    now: () => start + performance.now() - began,
  });
  await gateway.listening;
  return {
    upstream,
    socket,
    logged,
    ask: (text, model = "smart", task = "task-1") =>
      collect(createModelClient(socket), requestFor(text, model, task)),
    raw: (path, body) => rawCall(socket, path, body),
    ledger: () => readLedger(ledgerPath),
    configure(change) {
      runtime = { ...runtime, ...change };
    },
    async close() {
      gateway.stop();
      await gateway.ended;
      await upstream.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const requestFor = (text: string, model: string, taskId: string): ModelRequest => ({
  model,
  messages: [{ role: "user", content: text }],
  tools: [],
  taskId,
});

async function collect(
  client: ReturnType<typeof createModelClient>,
  request: ModelRequest,
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of client(request, signal)) events.push(event);
  return events;
}

function rawCall(
  socketPath: string,
  path: string,
  body: string | null,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const method = body === null ? "GET" : "POST";
    const request = http.request({ socketPath, path, method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on("error", reject);
    request.end(body ?? undefined);
  });
}

function readLedger(path: string): Record<string, unknown>[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare("SELECT * FROM calls ORDER BY id").all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}
