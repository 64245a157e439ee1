/**
 * The runner of one agent, put together from its compiled configuration. `con run` and `con dev` are
 * both thin callers of this.
 *
 * On the way of every cold wake: imports no YAML, ajv, FFI or model library. Never: holds a key.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import type { ValidateArguments } from "../agent/arguments.ts";
import { gates } from "../agent/gate.ts";
import type { RunClock } from "../agent/run.ts";
import type { AgentRuntime, SystemRuntime } from "../config/runtime.ts";
import { createModelClient } from "../model/client.ts";
import { agentPaths } from "../spool/layout.ts";
import { nodeDisk } from "../system/disk.ts";
import type { ExitCode } from "../system/errors.ts";
import { createLog } from "../system/log.ts";
import { outcomes } from "../system/turns.ts";
import type { ShellPolicy } from "../tools/policies.ts";
import { builtinTools } from "../tools/registry.ts";
import { continueGate } from "./approval/continue.ts";
import type { ApprovalEvent } from "./approval/question.ts";
import { spendingGate } from "./approval/spend.ts";
import { approvalGate } from "./approval.ts";
import { createAttempt } from "./attempt.ts";
import { grantEvent, newsEvent } from "./audit/events.ts";
import { keptPath } from "./audit/kept.ts";
import { createPost } from "./audit/post.ts";
import { createTrail } from "./audit.ts";
import { constraintGates, type GrantUse } from "./constraints.ts";
import { forgedTools, sharedTools } from "./forge.ts";
import { journalProgress } from "./journal-file.ts";
import { createMcp } from "./mcp.ts";
import { createMemory } from "./memory.ts";
import { runSession } from "./session.ts";
import { sessionWorld } from "./world.ts";

export interface RunnerParts {
  readonly system: SystemRuntime;
  readonly agent: AgentRuntime;
  readonly isolation: ShellPolicy["isolation"];
  readonly stop: AbortSignal;
}

/** Runs the agent until its queue is empty; returns the exit code. */
export function runAgent({ system, agent, isolation, stop }: RunnerParts): Promise<ExitCode> {
  // Policies compare with what the kernel says, so the root must be named as the kernel names it.
  const paths = agentPaths(fs.realpathSync.native(system.root), agent.name);
  const log = createLog();
  const trail = createTrail({
    disk: nodeDisk,
    keptPath: keptPath(paths.state),
    post: createPost(system.gateway),
    log,
    now: () => performance.now(),
  });
  const world = sessionWorld(system, {
    agent: agent.name,
    log,
    told: (news) => trail.note(newsEvent(news, Date.now())),
    stop,
    progress: (id) => journalProgress(world.disk, paths.journal, id),
  });
  const heard = (event: ApprovalEvent): void => trail.note({ ...event });
  const tools = builtinTools();
  const toolNames = tools.map(({ name }) => name);
  const model = createModelClient(system.gateway);
  const memory = createMemory({
    ...{ disk: world.disk, now: world.now, log, agent, paths, model, gateway: system.gateway },
    nonce: () => randomBytes(16).toString("hex"),
  });
  const mcp = createMcp({
    ...{ agent, paths, isolation, log, disk: world.disk, now: world.now },
    credentials: process.env["CREDENTIALS_DIRECTORY"] ?? null,
  });
  const attempt = createAttempt({
    ...world,
    system,
    agent,
    paths,
    isolation,
    model,
    memory,
    tools,
    sources: [forgedTools({ ...world, paths }), sharedTools({ ...world, paths }), ...mcp.sources],
    validate: validateArguments,
    clock,
    instructions: agent.instructions,
    trail,
    gateOf: (task) => {
      const heardUse = (use: GrantUse): void => trail.note(grantEvent(task.id, use));
      const { check, charge } = constraintGates(
        { ...world, agent, paths, tools: toolNames, heard: heardUse },
        task.id,
      );
      return gates(check, approvalGate({ ...world, agent, paths, heard }, task), charge);
    },
    ...(isolation === "bwrap" ? { outcomes } : {}),
    // Where nothing is installed, a steward of this machine is none of ours, and one uid is everybody's.
    ...(isolation === "bwrap"
      ? {
          askSpendingOf: (task) => spendingGate({ ...world, agent, paths, heard }, task),
          askToContinueOf: (task) => continueGate({ ...world, agent, paths, heard }, task),
        }
      : {}),
  });
  return runSession(world, agent, attempt)
    .finally(() => mcp.close())
    .finally(() => memory.settle())
    .finally(() => trail.settle());
}

/** By the code that build/generate.ts made of the tools' schemas: a third of the program, loaded at the first call. */
const validateArguments: ValidateArguments = async (name, args) => {
  const { validators } = await import("../generated/tool-validators.js");
  const validator = validators[name];
  if (validator === undefined) return `tool ${name} has no schema`;
  if (validator(args)) return null;
  return (validator.errors ?? [])
    .map(({ instancePath, message }) => `${instancePath || "arguments"} ${message ?? "is wrong"}`)
    .join("; ");
};

/** Node counts a longer timer as none at all. */
const maxTimerMs = 2 ** 31 - 1;

const clock: RunClock = {
  now: Date.now,
  deadline(ms) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort("deadline"), Math.min(ms, maxTimerMs));
    return { signal: controller.signal, clear: () => clearTimeout(timer) };
  },
};
