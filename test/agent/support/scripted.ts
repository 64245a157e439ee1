/** A model that follows a script, tools that count, a journal in memory: the loop without a machine. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateArguments } from "../../../src/agent/arguments.ts";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { runTask } from "../../../src/agent/loop.ts";
import type { RunDeps, RunOptions } from "../../../src/agent/run.ts";
import type {
  ModelError,
  ModelEvent,
  ModelReply,
  ModelRequest,
  StreamModel,
} from "../../../src/model/types.ts";
import { requestOf } from "../../../src/task/codec.ts";
import type { Outcome, Task } from "../../../src/task/task.ts";
import type { ToolResult } from "../../../src/tools/result.ts";
import type { Tool, ToolContext } from "../../../src/tools/tool.ts";

export type Step = Partial<ModelReply> | { readonly error: Partial<ModelError> } | "cut" | "hang";

export const call = (name: string, args: unknown, id = `id-${name}`) => ({
  id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});

/** Answers the n-th request with the n-th step; steps that follow from the number of replies so far. */
export function scriptedModel(steps: readonly Step[]): StreamModel & { requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  const model = (request: ModelRequest, signal: AbortSignal) => {
    requests.push(structuredClone(request));
    const done = request.messages.filter(({ role }) => role === "assistant").length;
    return play(steps[done] ?? { text: "the script is over" }, signal);
  };
  return Object.assign(model, { requests });
}

async function* play(step: Step, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  if (step === "cut") {
    yield { kind: "text", delta: "half an ans" };
    return;
  }
  if (step === "hang") {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    yield { kind: "error", error: { ...defaultError, message: "aborted" } };
    return;
  }
  if ("error" in step) {
    yield { kind: "error", error: { ...defaultError, ...step.error } };
    return;
  }
  const reply = { ...defaultReply, ...step };
  if (reply.text !== "") yield { kind: "text", delta: reply.text };
  yield { kind: "reply", reply };
}

const defaultError: ModelError = {
  kind: "temporary",
  status: null,
  message: "away",
  retryAfterSeconds: null,
};

const defaultReply: ModelReply = {
  text: "",
  toolCalls: [],
  model: "test/scripted",
  usage: { input: 10, output: 5 },
  costUsd: 0.25,
};

export interface Counted {
  readonly tool: Tool;
  readonly calls: unknown[];
}

/** A tool `{text}` that records each call and answers as told. */
export function countingTool(
  name: string,
  options: {
    readonly parallel?: boolean;
    readonly act?: (args: unknown, context: ToolContext) => Promise<ToolResult> | ToolResult;
  } = {},
): Counted {
  const calls: unknown[] = [];
  const tool: Tool = {
    name,
    description: `Test tool ${name}`,
    parameters: {
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
      additionalProperties: false,
    },
    parallel: options.parallel ?? false,
    async run(args, context) {
      calls.push(args);
      if (options.act !== undefined) return options.act(args, context);
      return { ok: true, text: `${name}(${String(args["text"])})` };
    },
  };
  return { tool, calls };
}

export function validateWithAjv(tools: readonly Tool[]): ValidateArguments {
  const ajv = new Ajv2020({ allErrors: true, validateSchema: false });
  return (name, args) => {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined || ajv.validate(tool.parameters, args)) return null;
    return ajv.errorsText();
  };
}

export const aTask = (text: string, change: Partial<Task> = {}): Task => ({
  id: "01900000-0000-7000-8000-000000000000",
  from: { uid: 0, name: "root", agent: null },
  trust: "verified",
  receivedAt: "2026-01-01T00:00:00.000Z",
  size: text.length,
  request: requestOf(text),
  ...change,
});

const startMs = Date.parse("2026-01-01T00:00:00Z");

/** Only what the loop hands on; tools of these tests need none of it. */
const context = {
  agent: "tester",
  task: { id: aTask("").id, from: "root", trust: "verified" },
} as RunOptions["context"];

export interface Bench {
  readonly lines: JournalLine[];
  readonly run: (options?: Partial<RunOptions>) => Promise<Outcome>;
  /** Ends the wall clock of the attempt that is running. */
  readonly runOutOfTime: () => void;
}

export function createBench(
  model: StreamModel,
  tools: readonly Tool[] = [],
  deps: Partial<RunDeps> = {},
  task: Task = aTask("Do it."),
): Bench {
  const lines: JournalLine[] = [];
  const clock = new AbortController();
  const run = (options: Partial<RunOptions> = {}) =>
    runTask(
      {
        model,
        tools,
        validate: validateWithAjv(tools),
        journal: { append: (more) => lines.push(...structuredClone(more)) },
        clock: {
          now: () => startMs,
          deadline: () => ({ signal: clock.signal, clear: () => undefined }),
        },
        nonce: () => "00112233445566778899aabbccddeeff",
        ...deps,
      },
      task,
      {
        history: [],
        persona: {
          name: "tester",
          system: "test",
          instructions: "# Instructions\n\nBe exact.",
          skills: [],
          workspace: "/work",
          readable: [],
          writable: [],
        },
        textPath: null,
        model: "smart",
        limits: { steps: 10, runtimeSeconds: 60, answerChars: 1000, callsPerTurn: 4 },
        context,
        completion: null,
        signal: new AbortController().signal,
        ...options,
      },
    );
  return { lines, run, runOutOfTime: () => clock.abort("deadline") };
}
