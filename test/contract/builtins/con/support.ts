/** A system in a temporary directory, and one check of con asked about it, with its memory kept. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { HealthAgent } from "../../../../src/config/runtime.ts";
import { healthDefaults } from "../../../../src/config/system.ts";
import { conChecks } from "../../../../src/contract/builtins/con/index.ts";
import type { Places } from "../../../../src/contract/builtins/con/places.ts";
import type { HealthRuntime, Verdict } from "../../../../src/contract/types.ts";
import type { ExecResult } from "../../../../src/system/exec.ts";

export const agentOf = (name: string, uid: number, tier: HealthAgent["tier"]): HealthAgent => ({
  name,
  uid,
  tier,
  wake: "path",
  runtimeSeconds: 1800,
  scheduled: false,
});

const folders = ["inbox", "outbox", "processed", "workspace", "state/journal"];
const queues = ["active", "deferred", "held", "corrupt", "failed"];

export class Bed {
  readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-checks-"));
  readonly root = path.join(this.directory, "srv");
  readonly health: HealthRuntime;
  places: Places;
  now = Date.now();
  #memory: unknown = null;

  constructor(change: Partial<Places> = {}) {
    const at = (name: string) => path.join(this.directory, name);
    this.health = {
      version: 1,
      name: "test",
      root: this.root,
      frontDesk: "ada",
      sysadmin: "ada",
      intervalSeconds: 60,
      thresholds: healthDefaults,
      agents: [agentOf("ada", 20_000, "operator"), agentOf("bob", 20_001, "worker")],
      credentials: [],
    };
    for (const { name } of this.health.agents)
      for (const folder of [...folders, ...queues.map((one) => `queue/${one}`)])
        fs.mkdirSync(this.agent(name, folder), { recursive: true });
    for (const folder of ["srv/inbox", "holds", "etc", "credentials", "compiled"])
      fs.mkdirSync(at(folder), { recursive: true });
    this.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    this.places = {
      sysroot: this.directory,
      holds: at("holds"),
      compiled: at("compiled"),
      ledger: at("ledger.db"),
      credentials: at("credentials"),
      gatewaySocket: at("gateway.sock"),
      history: at("history.jsonl"),
      program: at("con.mjs"),
      exec: async () => said(""),
      uptime: () => 1000,
      bootId: () => "boot-1",
      onHostNetwork: () => true,
      canary: { units: at("units"), scratch: at("scratch"), argv: ["/bin/false"] },
      ...change,
    };
  }

  agent(name: string, ...below: string[]): string {
    return path.join(this.root, "agents", name, ...below);
  }

  /** Below the temporary directory; makes what is missing on the way. */
  write(name: string, text: string | Uint8Array, mode = 0o600): string {
    const file = path.isAbsolute(name) ? name : path.join(this.directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text, { mode });
    return file;
  }

  /** Returns when a change made from now on shows in the times of `file`. */
  letTimePass(file: string): void {
    const { ctimeNs } = fs.statSync(file, { bigint: true });
    const probe = path.join(this.directory, "probe");
    do fs.writeFileSync(probe, "");
    while (fs.statSync(probe, { bigint: true }).ctimeNs <= ctimeNs);
  }

  hold(name: string): void {
    this.write(`holds/${name}.json`, JSON.stringify({ version: 1, kind: "paused" }));
  }

  async ask(
    name: string,
    args: Readonly<Record<string, unknown>> = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Verdict> {
    const check = conChecks(this.places).get(name);
    if (check === undefined) throw new Error(`no check ${name}`);
    return check(args, {
      health: this.health,
      thresholds: this.health.thresholds,
      now: () => this.now,
      signal,
      // As the evaluator keeps it.
      memory: JSON.parse(JSON.stringify(this.#memory)),
      remember: (value) => {
        this.#memory = value;
      },
    });
  }

  get remembered(): unknown {
    return this.#memory;
  }

  forget(): void {
    this.#memory = null;
  }

  recall(memory: unknown): void {
    this.#memory = memory;
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What a program printed that ended well. */
export const said = (stdout: string, code = 0): ExecResult => ({
  code,
  signal: null,
  stdout,
  stderr: "",
  timedOut: false,
});

export const minutes = 60_000;
