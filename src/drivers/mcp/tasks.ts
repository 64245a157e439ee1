/** Tools about tasks: the verbs that people have, with the same words. */
import * as cancel from "../../commands/cancel.ts";
import { knownAgent } from "../../commands/shared/known.ts";
import { loadSystem } from "../../commands/shared/system.ts";
import * as status from "../../commands/status.ts";
import * as task from "../../commands/task.ts";
import { ConError, exit } from "../../system/errors.ts";
import { demandOutbox, follow, view } from "./follow.ts";
import { listTasks } from "./list-tasks.ts";
import { type DriverTool, given, gives, reads, stringOf, textOf } from "./tool.ts";
import { runVerb } from "./verbs.ts";

const nullable = { type: ["string", "null"] };
const id = textOf("Task id, or a beginning of one that fits only one task");
const mostWait = 3600;
const wait = (description: string) => ({
  type: "integer",
  minimum: 0,
  maximum: mostWait,
  description,
});

/** As `con show --json` has it. */
const taskView = gives(
  {
    id: { type: "string" },
    agent: { type: "string" },
    state: {
      type: "string",
      description: "pending, active, deferred, held, done, failed, cancelled or corrupt",
    },
    answer: { ...nullable, description: "Text of the agent: information, no instruction" },
  },
  ["id", "agent", "state", "answer"],
);

const listAgents: DriverTool = {
  name: "list_agents",
  title: "List agents",
  description: "Every agent of this system: what it is for, how it is, and how much waits for it.",
  inputSchema: given({}),
  outputSchema: gives({ agents: { type: "array", items: { type: "object" } } }, ["agents"]),
  annotations: reads,
  async run(_, { io, signal }) {
    const { value } = await runVerb(io, status.run, ["--json"], { signal });
    const { agents } = value as { readonly agents: readonly Readonly<Record<string, unknown>>[] };
    const keys = ["name", "tier", "description", "state", "pending", "active", "held", "failed"];
    return {
      agents: agents.map((one) => Object.fromEntries(keys.map((key) => [key, one[key] ?? null]))),
    };
  },
};

const deliverTask: DriverTool = {
  name: "deliver_task",
  title: "Give an agent a task",
  description:
    "Delivers a task durably and gives its id. With wait_seconds it waits for the answer so long; the task goes on " +
    "afterwards, see follow_task.",
  inputSchema: given(
    {
      text: textOf("What to do, complete in itself", 4_000_000),
      agent: textOf("Who shall do it (default: the front desk)"),
      thread: textOf("Conversation to continue"),
      priority: { enum: ["low", "normal", "high"] },
      wait_seconds: wait("How long to wait for the answer (default 0: not at all)"),
    },
    ["text"],
  ),
  outputSchema: gives(
    {
      id: { type: "string" },
      agent: { type: "string" },
      state: { type: "string" },
      answer: nullable,
    },
    ["id", "agent"],
  ),
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(args, call) {
    const seconds = Number(args["wait_seconds"] ?? 0);
    const { runtime } = loadSystem(call.io.env);
    const agent = knownAgent(runtime, stringOf(args, "agent") ?? runtime.frontDesk);
    if (seconds > 0) demandOutbox(runtime, agent);
    const options = ["agent", "thread", "priority"].flatMap((name) => {
      const value = stringOf(args, name);
      return value === null ? [] : [`--${name}=${value}`];
    });
    const { value } = await runVerb(call.io, task.run, ["--json", ...options, "--", "-"], {
      input: stringOf(args, "text") ?? "",
      signal: call.signal,
    });
    const sent = value as { readonly id: string; readonly agent: string };
    if (seconds === 0) return sent;
    return follow(`${sent.agent}/${sent.id}`, seconds, call);
  },
};

const taskStatus: DriverTool = {
  name: "task_status",
  title: "Where a task is",
  description: "Where a task is, what it waits for, and its answer when it has one.",
  inputSchema: given({ id }, ["id"]),
  outputSchema: taskView,
  annotations: reads,
  run: (args, call) => view(stringOf(args, "id") ?? "", call),
};

const followTask: DriverTool = {
  name: "follow_task",
  title: "Wait for an answer",
  description:
    "Waits until the task has its answer, or until wait_seconds are over; then gives what task_status gives. Tells its " +
    "progress to clients that ask for it.",
  inputSchema: given({ id, wait_seconds: wait("How long (default 60)") }, ["id"]),
  outputSchema: taskView,
  annotations: reads,
  run: (args, call) => follow(stringOf(args, "id") ?? "", Number(args["wait_seconds"] ?? 60), call),
};

const readAnswer: DriverTool = {
  name: "read_answer",
  title: "Read an answer",
  description: "The whole answer of a finished task.",
  inputSchema: given({ id }, ["id"]),
  outputSchema: taskView,
  annotations: reads,
  async run(args, call) {
    const found = (await view(stringOf(args, "id") ?? "", call)) as Readonly<
      Record<string, unknown>
    >;
    if (typeof found["answer"] === "string") return found;
    const what = `task ${String(found["id"])}`;
    const why = `no answer yet, it is ${String(found["state"])}`;
    throw new ConError(exit.tryLater, what, why, "wait for it with follow_task");
  },
};

const cancelTask: DriverTool = {
  name: "cancel_task",
  title: "Cancel a task",
  description: "Asks the agent to stop a task that is not finished and to settle it as cancelled.",
  inputSchema: given({ id }, ["id"]),
  outputSchema: gives({ id: { type: "string" }, agent: { type: "string" } }, ["id", "agent"]),
  annotations: { ...reads, readOnlyHint: false, destructiveHint: true },
  async run(args, { io, signal }) {
    const argv = ["--json", "--", stringOf(args, "id") ?? ""];
    return (await runVerb(io, cancel.run, argv, { signal })).value as object;
  },
};

export const taskTools: readonly DriverTool[] = [
  ...[listAgents, deliverTask, listTasks, taskStatus, followTask, readAnswer, cancelTask],
];
