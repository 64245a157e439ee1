/**
 * The tools of all sources, as they are at the moment.
 *
 * Never: throws; waits longer than `listMs` for one source; lists or finds a tool that no grant covers, whose name does
 * not begin with its category, or that is too large to be told about. Nothing of it is kept but compiled checks.
 */
import type { ToolSource } from "../../tools/source.ts";
import type { Tool } from "../../tools/tool.ts";
import type { Check } from "./check.ts";
import { gist, type SourceEntry } from "./index-text.ts";
import type { Origin } from "./plain.ts";

export interface SourceWorld {
  readonly sources: readonly ToolSource[];
  /** Whether a grant that holds now covers the tool of a source; of a category, some tool of it. */
  readonly isGranted: (name: string) => boolean;
  readonly isGrantedIn: (category: string) => boolean;
  /** Whether a tool may be named so (config/tool-groups.ts). */
  readonly isName: (name: string) => boolean;
  /** Around each tool: the audit trail. */
  readonly wrap: (tool: Tool) => Tool;
  readonly clock: {
    readonly deadline: (ms: number) => { readonly signal: AbortSignal; readonly clear: () => void };
  };
}

export interface Listed extends SourceEntry {
  readonly tools: readonly Tool[];
  /** Why some or all are not there. */
  readonly trouble: string | null;
}

export interface Catalogue {
  /** Categories that are granted, in part or whole. */
  readonly list: () => Promise<readonly Listed[]>;
  readonly find: (name: string) => Promise<Tool | null>;
  readonly check: (tool: Tool, args: unknown) => Promise<string | null>;
  readonly originOf: (name: string) => Origin;
  /** As they were found last. */
  readonly known: () => readonly Tool[];
}

const listMs = 15_000;
const mostTools = 1000;
/** Characters of a schema. */
const mostSchema = 64 * 1024;
const mostTrouble = 200;
const keptChecks = 64;

export function createCatalogue(world: SourceWorld): Catalogue {
  const last = new Map<string, Listed>();
  const checks = new Map<string, Check>();
  const listOne = async (source: ToolSource): Promise<Listed> => {
    const listed = await look(world, source);
    last.set(source.category, listed);
    return listed;
  };
  const granted = (): ToolSource[] =>
    world.sources.filter(({ category }) => world.isGrantedIn(category));
  return {
    list: () => Promise.all(granted().map(listOne)),
    async find(name) {
      const source = granted().find(({ category }) => name.startsWith(`${category}.`));
      if (source === undefined) return null;
      const { tools } = await listOne(source);
      return tools.find((tool) => tool.name === name) ?? null;
    },
    async check({ parameters }, args) {
      const key = JSON.stringify(parameters);
      let check = checks.get(key);
      if (check === undefined) {
        const { checkOf } = await import("./check.ts");
        check = checkOf(parameters);
        if (checks.size >= keptChecks) checks.clear();
        checks.set(key, check);
      }
      return check(args);
    },
    originOf(name) {
      const source = world.sources.find(({ category }) => name.startsWith(`${category}.`));
      return source === undefined ? "con" : source.untrusted === true ? "untrusted" : "source";
    },
    known: () => granted().flatMap(({ category }) => last.get(category)?.tools ?? []),
  };
}

async function look(world: SourceWorld, source: ToolSource): Promise<Listed> {
  const { category, summary, untrusted = false } = source;
  const listed = await answerOf(world, source);
  const names = new Set<string>();
  const usable = listed.tools.filter((tool) => {
    const isUsable = whyUnusable(world, source, tool) === null && !names.has(tool.name);
    names.add(tool.name);
    return isUsable;
  });
  const odd = listed.tools.length - Math.min(usable.length, mostTools);
  const oddity = odd === 0 ? [] : [`${odd} tools have names or schemas that cannot be used`];
  const troubles = [...(listed.trouble === undefined ? [] : [listed.trouble]), ...oddity];
  return {
    ...{ category, summary, untrusted },
    tools: usable
      .slice(0, mostTools)
      .filter(({ name }) => world.isGranted(name))
      .map((tool) => world.wrap(untrusted ? doubted(tool) : tool)),
    // It may repeat what a server said.
    trouble: troubles.length === 0 ? null : gist(troubles.join("; "), mostTrouble),
  };
}

type Answer = Awaited<ReturnType<ToolSource["list"]>>;

async function answerOf({ clock }: SourceWorld, source: ToolSource): Promise<Answer> {
  const { signal, clear } = clock.deadline(listMs);
  const answer = { tools: [], trouble: "it did not say in time which tools it has" };
  const late = new Promise<Answer>((resolve) => {
    if (signal.aborted) resolve(answer);
    else signal.addEventListener("abort", () => resolve(answer), { once: true });
  });
  try {
    return await Promise.race([source.list(), late]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { tools: [], trouble: `internal error: ${why}` };
  } finally {
    clear();
  }
}

function whyUnusable(world: SourceWorld, source: ToolSource, tool: Tool): string | null {
  if (!tool.name.startsWith(`${source.category}.`) || !world.isName(tool.name)) return "its name";
  const length = schemaLength(tool.parameters);
  return length === null || length > mostSchema ? "its schema" : null;
}

/** Null for what is no JSON. */
function schemaLength(parameters: unknown): number | null {
  try {
    return JSON.stringify(parameters)?.length ?? null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Whatever the tool says of it: its words are a stranger's. */
const doubted = (tool: Tool): Tool => {
  const { onWoken } = tool;
  return {
    ...tool,
    run: async (args, context) => ({ ...(await tool.run(args, context)), untrusted: true }),
    ...(onWoken === undefined
      ? {}
      : {
          onWoken: async (woken, context) => ({
            ...(await onWoken(woken, context)),
            untrusted: true as const,
          }),
        }),
  };
};
