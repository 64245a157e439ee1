/** A sandbox that knows a few programs, and a registry in memory. */

import { checkOf } from "../../../src/agent/toolbox/check.ts";
import type { RunRequest, RunResult, RunThrowaway } from "../../../src/sandbox/throwaway/types.ts";
import type { ForgeDesk } from "../../../src/tools/forge/desk.ts";
import { createRegistry } from "../../../src/tools/forge/registry.ts";
import type { Made } from "../../../src/tools/forge/version-files.ts";
import { MemoryDisk } from "../../spool/support/memory-disk.ts";

export const root = "/agent/tools";

const printed = (text: string) => {
  const head = Buffer.from(text);
  return { head, tail: Buffer.alloc(0), totalBytes: head.length };
};

const ran = (stdout: string, code = 0, stderr = ""): RunResult => ({
  ending: { kind: "exit", code, signal: null },
  stdout: printed(stdout),
  stderr: printed(stderr),
  files: [],
  missing: [],
  durationMs: 1,
  cpuMs: 1,
  memoryBytes: null,
  outOfMemory: false,
});

/** What Python would do with these programs: each is known by a word in it. */
const programs: Readonly<Record<string, (n: number) => unknown>> = {
  "program: right": (n) => ({ value: fibonacci(n) }),
  "program: wrong": (n) => ({ value: n }),
  "program: shapeless": (n) => fibonacci(n),
};

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

export interface Sandbox {
  readonly run: RunThrowaway;
  readonly asked: RunRequest[];
  next: RunResult | null;
}

export function createSandbox(): Sandbox {
  const sandbox: Sandbox = {
    asked: [],
    next: null,
    run: async (request) => {
      sandbox.asked.push(request);
      return sandbox.next ?? answer(request);
    },
  };
  return sandbox;
}

function answer({ code, stdin, files = [] }: RunRequest): RunResult {
  const [candidate] = files;
  if (candidate !== undefined) {
    const text = Buffer.from(candidate.bytes).toString("utf8");
    if (text.includes("def (")) return ran("", 1, "SyntaxError: invalid syntax");
    return ran(JSON.stringify(text.includes("import numpy") ? ["numpy"] : []));
  }
  const known = Object.entries(programs).find(([word]) => code.includes(word));
  if (known === undefined) return ran("", 1, "Traceback: it broke");
  return ran(JSON.stringify(known[1]((JSON.parse(stdin ?? "") as { n: number }).n)));
}

export interface Kept {
  readonly memory: MemoryDisk;
  readonly desk: ForgeDesk;
}

export function createKept(more: Partial<ForgeDesk> = {}): Kept {
  const memory = new MemoryDisk(["/agent", root]);
  const desk: ForgeDesk = {
    registry: createRegistry(memory.disk(), root),
    packages: [],
    layers: { find: ({ layer }) => layer, hasFailed: () => false, asksPeople: () => false },
    fitting: async (schema) => checkOf(schema),
    locked: async (act) => act(),
    ...more,
  };
  return { memory, desk };
}

export const inputs = {
  type: "object",
  properties: { n: { type: "integer", minimum: 0, description: "which one" } },
  required: ["n"],
  additionalProperties: false,
};
export const output = {
  type: "object",
  properties: { value: { type: "integer" } },
  required: ["value"],
  additionalProperties: false,
};

export const made = (name: string, code: string, more: Partial<Made["manifest"]> = {}): Made => ({
  manifest: {
    ...{ name, purpose: `purpose of ${name}`, language: "python", inputs, output },
    limits: { timeoutSeconds: 30, memoryMb: 512 },
    ...{ dependencies: [], layers: [], tainted: false },
    made: { at: 1, task: "t", rounds: 1, model: "up/coder" },
    ...more,
  },
  code,
  tests: [{ arguments: { n: 1 }, result: { value: 1 } }],
  report: "said\n",
});
