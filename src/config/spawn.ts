/** `can.spawn`: which temporary agents somebody may make. Pure. */
import type { Broken } from "./broken.ts";
import type { SpawnRight } from "./types.ts";

export interface RawSpawn {
  readonly roles: readonly string[];
  readonly depth?: number;
  readonly live?: number;
}

/** What `can.spawn` brings; without it they are of no use. */
export const spawnTools: readonly string[] = ["spawn_agent", "spawn_agents"];

/** In approval rules: a request for temporary agents, by whichever tool. */
export const spawnRule = "spawn";

const defaults = { depth: 1, live: 4 };

export const spawnOf = (raw: RawSpawn | undefined): SpawnRight | null =>
  raw === undefined
    ? null
    : {
        roles: [...raw.roles].sort(),
        depth: raw.depth ?? defaults.depth,
        live: raw.live ?? defaults.live,
      };

/** `known` are the roles that have a role.yaml, also a refused one. */
export const brokenRoles = (raw: RawSpawn | undefined, known: ReadonlySet<string>): Broken[] =>
  (raw?.roles ?? []).flatMap((role, index) => {
    if (known.has(role)) return [];
    const names = [...known].sort().join(", ") || "none yet";
    return [
      {
        path: ["can", "spawn", "roles", index],
        why: `there is no roles/${role}/role.yaml`,
        remedy: `write it, or use one of: ${names}`,
      },
    ];
  });

/** `tools` as they were written. */
export function brokenSpawnTools(tools: readonly string[], spawn: SpawnRight | null): Broken[] {
  const [odd] = spawn === null ? tools.filter((tool) => spawnTools.includes(tool)) : [];
  if (odd === undefined) return [];
  const why = `${odd} is of no use without can.spawn`;
  return [{ path: ["can", "tools"], why, remedy: "add can.spawn: {roles: [ROLE]}, or remove it" }];
}

export const withSpawnTools = (tools: readonly string[], spawn: SpawnRight | null): string[] =>
  spawn === null ? [...tools] : [...new Set([...tools, ...spawnTools])];
