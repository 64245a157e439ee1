/**
 * `no_secrets {paths}`: does something that looks like a key lie where many can read it? A `*` in a path stands
 * for every name in that place.
 *
 * Each place is a tree of its own with a fair share of what one evaluation may read; what is more is read in
 * the next, from where this one stopped (secret-tree.ts). Never: repeats what it found, only the file and the
 * kind; holds up the evaluator; lets what is odd in one tree hide what is in another.
 */
import type { BuiltinCheck, HealthRuntime } from "../../types.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { type Scanned, scanTree, type TreeMemory } from "./secret-tree.ts";
import { meter, type Spending } from "./shares.ts";
import { judge, listIn, type Trouble } from "./verdicts.ts";

/** Of one evaluation. Bytes count as files say their length: a hole in a file takes its time, too. */
const spending: Spending = { bytes: 64 << 20, milliseconds: 8_000 };

interface Memory {
  readonly version: 2;
  readonly trees: Readonly<Record<string, TreeMemory>>;
}

export const noSecrets =
  (_: Places): BuiltinCheck =>
  async (args, { health, now, memory, remember, signal }) => {
    const before = treesIn(memory);
    const trees: Record<string, TreeMemory> = {};
    const roots = [...new Set(listIn(args, "paths").flatMap(expand))];
    // Those that were not ready last time come last and get what the others leave over.
    const isLate = (root: string): number => Number((before.get(root)?.pass ?? null) !== null);
    const troubles: Trouble[] = [];
    let left = spending;
    let files = 0;
    for (const [index, root] of roots.sort((a, b) => isLate(a) - isLate(b)).entries()) {
      const share = meter(left, roots.length - index, now);
      const about = { root, agent: agentOf(root, health), health, meter: share, signal };
      const scanned: Scanned = await scanTree(about, before.get(root) ?? null, now());
      trees[root] = scanned.memory;
      troubles.push(...scanned.troubles);
      files += scanned.files;
      left = share.rest();
    }
    remember({ version: 2, trees } satisfies Memory);
    const open = Object.values(trees).filter(({ pass }) => pass !== null).length;
    const rest = open === 0 ? "" : `; the rest of ${open} places is looked at next time`;
    return judge(troubles, `nothing like a key in ${files} text files${rest}`);
  };

function treesIn(memory: unknown): ReadonlyMap<string, TreeMemory> {
  const { version, trees } = (memory ?? {}) as Partial<Memory>;
  return new Map(version === 2 ? Object.entries(trees ?? {}) : []);
}

/** Whose tree it is, where it lies in an agent's directory. */
function agentOf(root: string, { root: base, agents }: HealthRuntime): string | null {
  const own = agents.find(({ name }) => `${root}/`.startsWith(`${base}/agents/${name}/`));
  return own?.name ?? null;
}

const mostExpanded = 5_000;

/** Paths for a path with `*` as whole components. */
function expand(path: string): string[] {
  const star = path.split("/").indexOf("*");
  if (star < 0) return [path];
  const parts = path.split("/");
  const looked = lookInto(parts.slice(0, star).join("/") || "/", (look) =>
    look.entries(mostExpanded).list.filter(({ isDirectory }) => isDirectory),
  );
  const names = looked.kind === "seen" ? looked.value.map(({ text }) => text).sort() : [];
  return names.flatMap((name) =>
    expand([...parts.slice(0, star), name, ...parts.slice(star + 1)].join("/")),
  );
}
