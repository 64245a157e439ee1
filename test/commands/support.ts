/** A small system in a temporary directory, as `con dev` would have made it, and an Io to look at. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Io } from "../../src/commands/shared/io.ts";
import { devPlaces } from "../../src/commands/shared/places.ts";
import { compiledPaths } from "../../src/config/compiled.ts";
import type { SystemRuntime } from "../../src/config/runtime.ts";
import { recordPath, responsePath } from "../../src/spool/known.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { ConError } from "../../src/system/errors.ts";
import { publishTogether } from "../../src/system/publish.ts";
import type { TaskRecord } from "../../src/task/task.ts";

export const uid = process.getuid?.() ?? 0;

export interface TestSystem {
  readonly root: string;
  readonly runtime: SystemRuntime;
  readonly put: (path: string, text: string) => string;
  /** A settled task in an outbox. */
  readonly settle: (agent: string, id: string, text: string, rest?: Partial<TaskRecord>) => void;
}

export function makeSystem(names: readonly string[] = ["concierge", "sysadmin"]): TestSystem {
  const root = mkdtempSync(join(tmpdir(), "con-commands-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const put = (path: string, text: string): string => {
    const whole = join(root, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    return whole;
  };
  const runtime = runtimeOf(root, names);
  mkdirSync(join(root, "inbox"), { recursive: true });
  for (const name of names) makeFolders(root, name);
  mkdirSync(devPlaces(root).compiled, { recursive: true });
  writeFileSync(compiledPaths(devPlaces(root).compiled).system, JSON.stringify(runtime));
  const settle: TestSystem["settle"] = (agent, id, text, rest = {}) => {
    const paths = agentPaths(root, agent);
    const record = Buffer.from(JSON.stringify(recordOf(agent, id, rest)));
    const files = [
      { path: responsePath(paths, id), bytes: Buffer.from(text) },
      { path: recordPath(paths, id), bytes: record },
    ];
    // As a runner does it: a process that waits for the answer never sees half a file.
    publishTogether(nodeDisk, paths.outbox, files, 0o644);
  };
  return { root, runtime, put, settle };
}

function makeFolders(root: string, name: string): void {
  const { inbox, outbox, processed, queue, journal, workspace } = agentPaths(root, name);
  for (const path of [inbox, outbox, processed, ...Object.values(queue), journal, workspace])
    mkdirSync(path, { recursive: true });
}

function runtimeOf(root: string, names: readonly string[]): SystemRuntime {
  return {
    version: 1,
    name: "test",
    root,
    frontDesk: names[0] ?? "none",
    gateway: join(root, "gateway.sock"),
    agents: names.map((name) => ({
      name,
      uid,
      tier: "worker",
      description: `the ${name}`,
      model: "fast",
      schedule: null,
      wake: "path",
    })),
    models: ["fast"],
  };
}

const recordOf = (agent: string, id: string, rest: Partial<TaskRecord> = {}): TaskRecord => ({
  id,
  agent,
  status: "done",
  from: { uid, name: "tester" },
  trust: "verified",
  attempts: 1,
  received_at: "2027-01-01T00:00:00.000Z",
  started_at: "2027-01-01T00:00:01.000Z",
  finished_at: "2027-01-01T00:00:03.000Z",
  model: "builtin/reflex",
  steps: 2,
  tokens: { input: 10, output: 5 },
  cost_usd: 0,
  error: null,
  children: [],
  thread: null,
  checks: null,
  ...rest,
});

export interface TestIo {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
  readonly interrupt: () => void;
}

export function makeIo(root: string, rest: Partial<Io> = {}): TestIo {
  let out = "";
  let err = "";
  const controller = new AbortController();
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    input: () => bytesOf([]),
    env: { CON_ROOT: root },
    cwd: root,
    uid,
    now: Date.now,
    terminal: { out: false, err: false },
    interrupted: () => controller.signal,
    ...rest,
  };
  return { io, out: () => out, err: () => err, interrupt: () => controller.abort() };
}

export async function* bytesOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** The ConError that `act` ends with. */
export async function failure(act: () => Promise<unknown>): Promise<ConError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ConError) return error;
    throw error;
  }
  throw new Error("it should have failed");
}
