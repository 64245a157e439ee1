/** What one agent's tools may do: from its compiled manifest to policies of files and shell. Pure. */
import { dirname } from "node:path";
import { unknownWindow, type Window } from "../agent/context/window.ts";
import type { RunOptions } from "../agent/run.ts";
import { defaultArchive } from "../config/archive.ts";
import { gpuNodes } from "../config/gpu.ts";
import { inForce, untilKey } from "../config/grants.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import type { SandboxPolicy } from "../sandbox/bwrap.ts";
import type { Limits } from "../sandbox/limits.ts";
import type { Isolation } from "../sandbox/start.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Asker } from "../tools/denial.ts";
import type { EndedGrant, FilePolicy, ShellPolicy } from "../tools/policies.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** Interpreters reserve address space that they never use; the unit's MemoryMax counts real use. */
const minAddressSpace = 2 * gibibyte;
const defaultMemory = 4 * gibibyte;

/** Threads of the runner itself and of bwrap, which the unit's TasksMax counts too. */
const runnerTasks = 32;
const minProcesses = 16;

const units: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };

/** systemd.resource-control(5) sizes; null for a percentage and `infinity`. */
export function parseMemory(text: string): number | null {
  const found = /^(\d+)([KMGT]?)$/.exec(text.trim());
  if (found === null) return null;
  return Number(found[1]) * 1024 ** (units[found[2] ?? ""] ?? 0);
}

/** `/a/b/**` and `/a/b` both grant the directory and all below. */
export const grantRoot = (pattern: string): string => pattern.replace(/(?:\/\*\*)?\/?$/, "") || "/";

/** Places of other programs, whatever a manifest grants above them. */
const kernelPlaces = ["/proc", "/sys", "/dev", "/run"];

/** The manifest as it holds at `now`: without the grants that are over. */
export const agentAt = (agent: AgentRuntime, now: number): AgentRuntime => ({
  ...agent,
  can: inForce(agent.can, agent.constraints, now),
});

function endedGrants({ can, constraints }: AgentRuntime): EndedGrant[] {
  return Object.entries(constraints?.until ?? {}).flatMap(([key, at]): EndedGrant[] => {
    const use = key.startsWith("read:") ? "read" : "write";
    const directory = key.slice(use.length + 1);
    const isOver = key === untilKey(use, directory) && !can[use].includes(directory);
    return isOver ? [{ use, directory, at }] : [];
  });
}

/** Where its skills lie: one directory that root alone writes. */
const skillRoots = ({ skills }: AgentRuntime): string[] => [
  ...new Set(skills.map(({ path }) => dirname(dirname(path)))),
];

export function filePolicy(agent: AgentRuntime, paths: AgentPaths): FilePolicy {
  const write = agent.can.write.map(grantRoot);
  return {
    workspace: paths.workspace,
    readable: [
      ...[paths.workspace, paths.tools, ...skillRoots(agent)],
      ...[...agent.can.read.map(grantRoot), ...write],
    ],
    writable: [paths.workspace, ...write],
    denied: [paths.base, ...kernelPlaces],
    ended: endedGrants(agent),
    archive: { directory: paths.archive, ...defaultArchive, ...agent.archive },
    owners: [0, agent.uid, ...agent.trustedUids],
  };
}

export function shellPolicy(agent: AgentRuntime, isolation: ShellPolicy["isolation"]): ShellPolicy {
  return {
    isolation,
    network: agent.can.network.length > 0,
    defaultTimeoutSeconds: Math.min(120, agent.limits.runtimeSeconds),
    maxTimeoutSeconds: agent.limits.runtimeSeconds,
    memoryBytes: Math.max(minAddressSpace, parseMemory(agent.limits.memory) ?? defaultMemory),
    maxProcesses: Math.max(minProcesses, agent.limits.tasks - runnerTasks),
    replyChars: 5_000,
    outputBytes: 64 * mebibyte,
  };
}

/** How much its models may read at once. */
export function windowsOf(
  agent: Pick<AgentRuntime, "context" | "summarizer" | "budget" | "cascade" | "models">,
): Pick<RunOptions, "window" | "summarizer"> {
  const { context = null, summarizer = null, budget } = agent;
  const windowOf = (size: number | null): Window => ({
    context: size,
    output: budget.tokensPerCall,
  });
  return {
    window: windowOf(leastOf(context, agent)),
    ...(summarizer === null
      ? {}
      : { summarizer: { model: summarizer.model, window: windowOf(summarizer.context) } }),
  };
}

/** Any of the models that a task may be given to must hold it; null where the least is one that nobody knows. */
function leastOf(
  own: number | null,
  { cascade, models = {} }: Pick<AgentRuntime, "cascade" | "models">,
): number | null {
  const routed = Object.values(cascade?.route ?? {}).map((alias) => models[alias] ?? null);
  const sizes = [own, ...routed];
  const least = Math.min(...sizes.map((size) => size ?? unknownWindow));
  return sizes.includes(least) ? least : null;
}

/** Drivers and large runtimes reserve far more than any machine has; the unit's MemoryMax bounds what they use. */
const wideAddressSpace = 2 ** 46;

export const sandboxLimits = (shell: ShellPolicy, isWide = false): Limits => ({
  memoryBytes: isWide ? wideAddressSpace : shell.memoryBytes,
  maxProcesses: shell.maxProcesses,
  fileBytes: 2 * gibibyte,
});

export function sandboxPolicy(
  agent: AgentRuntime,
  paths: AgentPaths,
  shell: ShellPolicy,
): SandboxPolicy {
  return {
    workspace: paths.workspace,
    tools: paths.tools,
    readOnly: [...agent.can.read.map(grantRoot), ...skillRoots(agent)],
    readWrite: agent.can.write.map(grantRoot),
    hidden: [paths.base],
    network: shell.network,
    ...(agent.gpu === true ? { devices: gpuNodes } : {}),
    scratchBytes: Math.max(64 * mebibyte, Math.floor(shell.memoryBytes / 4)),
  };
}

/** `files` are bound inside beside what the policy shows: path there → path here. */
export const isolationOf = (
  agent: AgentRuntime,
  paths: AgentPaths,
  shell: ShellPolicy,
  files: Pick<SandboxPolicy, "files"> = {},
): Isolation =>
  shell.isolation === "bwrap"
    ? { kind: "bwrap", policy: { ...sandboxPolicy(agent, paths, shell), ...files } }
    : { kind: "none", workspace: paths.workspace };

/** The whole environment of a tool call: nothing of ours is passed on. */
export const toolEnvironment = (paths: AgentPaths, taskId: string): Record<string, string> => ({
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: paths.workspace,
  LANG: "C.UTF-8",
  TERM: "dumb",
  CON_TASK: taskId,
});

/** Who is refused, as refusals need to know it. */
export const askerOf = ({ name, can, may }: Pick<AgentRuntime, "name" | "can" | "may">): Asker => ({
  agent: name,
  asksForGrants: can.tools.includes("request_grant") && may.request.includes("grant"),
});
