/**
 * Starts the program of an attempt in the sandbox, with its task on its standard input, and waits for its end.
 *
 * Never: passes on our environment or a secret but the token of its own bridge; holds more of its output than the sender
 * may get; throws for what it does. A journal that cannot be written ends it, and is thrown.
 */
import type { ExecLine } from "../../agent/exec-line.ts";
import type { ExecRunner } from "../../config/types.ts";
import { type Command, createExecute } from "../../sandbox/exec.ts";
import type { Task } from "../../task/task.ts";
import type { AttemptWorld } from "../attempt-world.ts";
import { type Bridge, openBridge } from "../bridge/bridge.ts";
import { loopbackCommand, socketInside } from "../bridge/inside.ts";
import { agentAt, isolationOf, sandboxLimits, shellPolicy, toolEnvironment } from "../policy.ts";
import { environmentOf, inputOf, type Teller, withModel } from "./input.ts";
import { answerBytes, type Ended } from "./judge.ts";
import { createWords } from "./words.ts";

export interface Journaling {
  readonly tell: (event: ExecLine["event"], text: string, call?: Partial<ExecLine>) => void;
  /** Model calls of the task until now. */
  readonly steps: () => number;
}

export interface Start {
  readonly book: Journaling;
  readonly deadline: AbortSignal;
  readonly signal: AbortSignal;
  readonly attempt: number;
  readonly nonce: string;
}

export async function runProgram(
  world: AttemptWorld,
  runner: ExecRunner,
  task: Task,
  start: Start,
): Promise<Ended> {
  const halt = createHalt();
  const tell: Journaling["tell"] = (...said) => halt.guard(() => start.book.tell(...said));
  const bridge = runner.models ? await bridgeOf(world, task, { ...start.book, tell }) : null;
  try {
    const words = createWords({
      log: (said) => world.log.info("the program says", { id: task.id, said }),
      keep: (text) => tell("said", text),
      now: world.clock.now,
    });
    const signal = AbortSignal.any([start.signal, start.deadline, halt.signal]);
    const teller = tellerOf(world, start);
    const command = commandOf(world, runner, task, { teller, bridge, nonce: start.nonce });
    const execute = createExecute(optionsOf(world, task, bridge));
    const { ending, output } = await execute(
      { ...command, heard: words.add, output: halt.output },
      signal,
    );
    words.end();
    halt.rethrow();
    const isOver = ending.kind === "aborted";
    return {
      ending,
      output: output.head,
      tooLong: halt.tooLong(),
      outOfTime: isOver && start.deadline.aborted,
      stopped: isOver && start.signal.aborted,
      said: words.last(),
      refusal: bridge?.refusal() ?? null,
    };
  } finally {
    await bridge?.close();
  }
}

interface Halt {
  readonly signal: AbortSignal;
  /** For callbacks of streams, where nobody catches. */
  readonly guard: (act: () => void) => void;
  readonly rethrow: () => void;
  readonly tooLong: () => boolean;
  readonly output: Command["output"];
}

/** What ends the program beside time and people: too much output, or a journal that cannot be written. */
function createHalt(): Halt {
  const controller = new AbortController();
  let trouble: { readonly error: unknown } | null = null;
  let tooLong = false;
  return {
    signal: controller.signal,
    guard(act) {
      if (trouble !== null) return;
      try {
        act();
      } catch (error) {
        trouble = { error };
        controller.abort("the journal cannot be written");
      }
    },
    rethrow() {
      if (trouble !== null) throw trouble.error;
    },
    tooLong: () => tooLong,
    output: {
      headBytes: answerBytes,
      tailBytes: 1,
      maxBytes: 1,
      // Asked for only when the head is full.
      open() {
        tooLong = true;
        controller.abort("too much output");
        throw new Error("more than the sender may get");
      },
    },
  };
}

const bridgeOf = (
  { log, system, clock, agent }: AttemptWorld,
  task: Task,
  { tell, steps }: Journaling,
): Promise<Bridge> =>
  openBridge({
    gateway: system.gateway,
    taskId: task.id,
    log,
    now: clock.now,
    calls: agent.limits.steps - steps(),
    called: ({ model, usage }) => tell("call", model, { model, usage }),
  });

const tellerOf = ({ agent, instructions, paths }: AttemptWorld, { attempt }: Start): Teller => ({
  agent: agent.name,
  instructions,
  model: agent.model,
  workspace: paths.workspace,
  attempt,
});

function commandOf(
  { agent, isolation }: AttemptWorld,
  runner: ExecRunner,
  task: Task,
  told: { readonly teller: Teller; readonly bridge: Bridge | null; readonly nonce: string },
): Pick<Command, "argv" | "environment" | "input" | "timeoutSeconds"> {
  const { teller, bridge, nonce } = told;
  const filled = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, withModel(text, agent.model)]),
    );
  const [program, ...args] = runner.argv;
  const argv: [string, ...string[]] = [
    program,
    ...args.map((text) => withModel(text, agent.model)),
  ];
  const environment = { ...environmentOf(task, teller), ...filled(runner.environment) };
  const common = {
    input: Buffer.from(inputOf(runner.input, task, teller, nonce)),
    timeoutSeconds: agent.limits.runtimeSeconds,
  };
  if (bridge === null) return { ...common, argv, environment };
  const socket = isolation === "bwrap" ? socketInside : bridge.socket;
  const { token } = bridge;
  const port = isolation === "bwrap" ? agent.uid : 0;
  const { removed = [] } = runner;
  const spec = { socket, token, port, argv, environment, files: filled(runner.files), removed };
  return { ...common, ...loopbackCommand(spec) };
}

function optionsOf(world: AttemptWorld, task: Task, bridge: Bridge | null) {
  const agent = agentAt(world.agent, world.now());
  const shell = shellPolicy(agent, world.isolation);
  const files = bridge === null ? {} : { files: { [socketInside]: bridge.socket } };
  const isolation = isolationOf(agent, world.paths, shell, files);
  const limits = sandboxLimits(shell, true);
  return { isolation, limits, environment: toolEnvironment(world.paths, task.id) };
}
