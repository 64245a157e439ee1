/**
 * `con tool answer`: opens the forged tools of an agent and answers one request. Runs as the agent, because the agent may
 * have put anything in place of the files; so it must never run as root.
 */
import { fitting, locked } from "../../runner/forge.ts";
import { createRunThrowaway } from "../../sandbox/throwaway/client.ts";
import type { RunThrowaway } from "../../sandbox/throwaway/types.ts";
import { type Disk, nodeDisk } from "../../system/disk.ts";
import { exit } from "../../system/errors.ts";
import { runTests } from "../../tools/forge/pipeline.ts";
import { createRegistry, type Registry } from "../../tools/forge/registry.ts";
import { createUseCounts, type UseCounts } from "../../tools/forge/uses.ts";
import type { Version } from "../../tools/forge/version-files.ts";
import { type Answered, readAsked } from "../shared/ask-as-agent.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import type { Asked, ToolRequest } from "./request.ts";

const example = `Run by the other commands, as the user of the agent. One JSON request on standard input, one JSON answer.

Example:
  con tool list --agent concierge`;

export async function answerAsAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("tool answer", "Answer one request about forged tools.", example);
  if (parse(command, argv, io) === "help") return exit.ok;
  const asked = (await readAsked(io, "tool answer")) as Asked;
  io.out(`${JSON.stringify(await answer(asked))}\n`);
  return exit.ok;
}

interface World {
  readonly disk: Disk;
  readonly sandbox: RunThrowaway;
}

const world: World = { disk: nodeDisk, sandbox: createRunThrowaway() };

export function answer(
  { tools, request }: Asked,
  { disk, sandbox }: World = world,
): Promise<Answered> {
  const registry = createRegistry(disk, tools);
  const changing = async (act: () => Answered): Promise<Answered> =>
    (await locked({ disk, paths: { tools } }, act)) ?? refused("somebody else works on the tools");
  switch (request.verb) {
    case "list":
      return Promise.resolve(fine(listed(registry, createUseCounts(disk, tools))));
    case "show":
      return Promise.resolve(showOne(registry, request));
    case "test":
      return Promise.resolve(tested(registry, request, sandbox));
    case "try":
      return testedAs(request, sandbox);
    case "rollback":
      return changing(() => rolledBack(registry, request));
    case "remove":
      return changing(() => {
        const removed = registry.remove(request.tool);
        return removed.ok ? fine({ tool: request.tool, version: null }) : refused(removed.why);
      });
  }
}

const fine = (value: unknown): Answered => ({ ok: true, value });

const refused = (why: string): Answered => ({
  ok: false,
  code: exit.badInput,
  why,
  remedy: "see con tool list",
});

const versionsOf = (registry: Registry, name: string): number[] => {
  const pointer = registry.pointer(name);
  return pointer === null || typeof pointer === "string"
    ? []
    : Object.keys(pointer.digests)
        .map(Number)
        .sort((a, b) => a - b);
};

/** Without counts: of tools that all share. */
export const listed = (registry: Registry, uses: UseCounts | null) => ({
  tools: registry.names().map((name) => {
    const loaded = registry.load(name);
    const versions = versionsOf(registry, name);
    if (!loaded.ok) return { name, version: null, versions, trouble: loaded.why };
    const { version, purpose, language, tainted } = loaded.manifest;
    const about = { purpose, language, tainted, ...countsOf(uses, name, version) };
    return { name, version, versions, ...about, trouble: null };
  }),
});

function countsOf(uses: UseCounts | null, name: string, version: number) {
  if (uses === null) return {};
  const { calls, failures, streak } = uses.of(name, version);
  return { calls, failures, streak };
}

type One = Extract<ToolRequest, { verb: "show" | "test" }>;

const load = (registry: Registry, { tool, version }: One) =>
  version === null ? registry.load(tool) : registry.load(tool, version);

function showOne(registry: Registry, request: One): Answered {
  const loaded = load(registry, request);
  return loaded.ok ? fine(shown(registry, loaded)) : refused(loaded.why);
}

export function shown(registry: Registry, version: Version): unknown {
  const { manifest, code, tests, report, digest } = version;
  return {
    ...manifest,
    versions: versionsOf(registry, manifest.name),
    digest,
    code,
    tests,
    report,
  };
}

function tested(
  registry: Registry,
  request: One,
  sandbox: RunThrowaway,
): Answered | Promise<Answered> {
  const loaded = load(registry, request);
  return loaded.ok ? testedAs(loaded, sandbox) : refused(loaded.why);
}

async function testedAs(
  { manifest, code, tests }: Pick<Version, "manifest" | "code" | "tests">,
  sandbox: RunThrowaway,
): Promise<Answered> {
  const output = await fitting(manifest.output);
  const signal = new AbortController().signal;
  const run = await runTests({ ...manifest, code }, tests, { output }, { sandbox, signal });
  if (run.kind === "unrun")
    return { ok: false, code: exit.unavailable, why: run.why, remedy: "see con doctor" };
  const { name, version } = manifest;
  return fine({ tool: name, version, tests: tests.length, failures: run.failures });
}

/** Without a version: the one before the one in use, or the last one of a removed tool. */
function rolledBack(
  registry: Registry,
  { tool, version }: Extract<ToolRequest, { verb: "rollback" }>,
): Answered {
  const pointer = registry.pointer(tool);
  if (pointer === null || typeof pointer === "string")
    return refused(pointer ?? `there is no forged.${tool}`);
  const current = pointer.version ?? Number.POSITIVE_INFINITY;
  const earlier = versionsOf(registry, tool).filter((one) => one < current);
  const to = version ?? earlier.at(-1);
  if (to === undefined) return refused(`forged.${tool} has no earlier version`);
  const turned = registry.rollBack(tool, to);
  return turned.ok ? fine({ tool, version: to }) : refused(turned.why);
}
