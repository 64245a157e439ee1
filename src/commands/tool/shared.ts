/**
 * Tools that all may share, which root keeps: listed, shown and tested here; turned through the steward. Reads only root's
 * files. Their tests run as an agent, in the sandbox, never as root.
 */
import type { SystemRuntime } from "../../config/runtime.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { createRegistry, type Registry } from "../../tools/forge/registry.ts";
import type { Version } from "../../tools/forge/version-files.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import { type AskOptions, askSteward } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { loadSystem } from "../shared/system.ts";
import { listed, shown } from "./answer.ts";
import { agentOr, askTools, sharedPath } from "./ask.ts";

const category = "shared";

function reading<T>(io: Io, look: (registry: Registry, system: SystemRuntime) => T): T {
  const { runtime } = loadSystem(io.env);
  const path = sharedPath(runtime);
  try {
    return look(createRegistry(nodeDisk, path, category), runtime);
  } catch (error) {
    if (isDenied(error)) throw denied("con tool --shared", path, joinTrusted);
    throw error;
  }
}

/** As `con tool list` has them, with the agent that shared each in place of counts. */
export const sharedList = (io: Io): unknown =>
  reading(io, (registry) => {
    const { tools } = listed(registry, null);
    return {
      tools: tools.map((tool) => {
        const pointer = registry.pointer(tool.name);
        const owner = pointer === null || typeof pointer === "string" ? null : pointer.owner;
        return { ...tool, owner: owner ?? null };
      }),
    };
  });

function loaded(io: Io, tool: string, version: number | null): { version: Version; said: unknown } {
  return reading(io, (registry) => {
    const found = version === null ? registry.load(tool) : registry.load(tool, version);
    if (!found.ok)
      throw new ConError(exit.badInput, `shared.${tool}`, found.why, "see con tool list --shared");
    return { version: found, said: shown(registry, found) };
  });
}

export const sharedShow = (io: Io, tool: string, version: number | null): unknown =>
  loaded(io, tool, version).said;

/** As `agent`, which has the sandbox; without one, as the front desk. */
export function sharedTest(
  io: Io,
  tool: string,
  { agent, version }: { readonly agent: string | undefined; readonly version: number | null },
): Promise<unknown> {
  const { manifest, code, tests } = loaded(io, tool, version).version;
  return askTools(io, agentOr(io, agent), { verb: "try", manifest, code, tests });
}

export const sharedTurn = (
  io: Io,
  request: { readonly verb: "unshare_tool" | "rollback_tool"; readonly tool: string } & Readonly<
    Record<string, unknown>
  >,
  options: AskOptions,
): Promise<number> => askSteward(io, `con tool ${request.verb.split("_")[0]}`, request, options);
