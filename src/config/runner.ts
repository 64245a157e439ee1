/**
 * `runner:` of a manifest: a program that does the agent's tasks in place of con's own loop. Pure.
 *
 * Such a program has no tools of con's: what a manifest says about them would be a promise that nobody keeps, and is
 * refused. Never: holds a key; the address and the token of its models come with each task.
 */
import type { Broken } from "./broken.ts";
import { presets } from "./runner-presets.ts";
import type { Agent, ExecRunner } from "./types.ts";

export type RawRunner =
  | "builtin"
  | {
      readonly exec?: readonly string[];
      readonly preset?: string;
      readonly args?: readonly string[];
      readonly input?: ExecRunner["input"];
      readonly env?: Readonly<Record<string, string>>;
      readonly models?: boolean;
    };

export const isBuiltin = (raw: RawRunner | undefined): raw is "builtin" | undefined =>
  raw === undefined || raw === "builtin";

/** Where clients of the known wire formats look for their server. */
const modelEnvironment: Readonly<Record<string, string>> = {
  OPENAI_BASE_URL: "{url}/v1",
  OPENAI_API_KEY: "{token}",
  ANTHROPIC_BASE_URL: "{url}",
  ANTHROPIC_AUTH_TOKEN: "{token}",
  GOOGLE_GEMINI_BASE_URL: "{url}",
  GEMINI_API_KEY: "{token}",
};

/** Nothing for con's own loop, and for what is broken. */
export function runnerOf(raw: RawRunner | undefined): { readonly runner?: ExecRunner } {
  if (isBuiltin(raw)) return {};
  const preset = Object.hasOwn(presets, raw.preset ?? "") ? presets[raw.preset ?? ""] : undefined;
  const [program, ...args] = [...(raw.exec ?? preset?.argv ?? []), ...(raw.args ?? [])];
  if (program === undefined) return {};
  const models = raw.models ?? preset !== undefined;
  const environment = {
    ...(models ? modelEnvironment : {}),
    ...preset?.environment,
    ...raw.env,
  };
  return {
    runner: {
      argv: [program, ...args],
      input: raw.input ?? preset?.input ?? "text",
      environment,
      files: preset?.files ?? {},
      ...(preset?.removed === undefined ? {} : { removed: preset.removed }),
      models,
    },
  };
}

type Asked = Pick<
  Agent,
  "name" | "can" | "spawn" | "approval" | "budget" | "cascade" | "mcp" | "runner"
>;

export function brokenRunner(raw: RawRunner | undefined, agent: Asked): Broken[] {
  if (isBuiltin(raw)) return [];
  if ((raw.exec === undefined) === (raw.preset === undefined)) {
    const why = "a runner is a program or a preset";
    return [{ path: ["runner"], why, remedy: "give it exec or preset, not both" }];
  }
  const { preset } = raw;
  if (preset !== undefined && !Object.hasOwn(presets, preset)) return [unknownPreset(preset)];
  return [...brokenSize(agent), ...brokenProgram(agent), ...brokenPromises(agent)];
}

function unknownPreset(preset: string): Broken {
  const remedy = `the presets are: ${Object.keys(presets).join(", ")}; or give exec`;
  return { path: ["runner", "preset"], why: `there is no ${preset}`, remedy };
}

/** All of it goes into one variable (execve(2) takes no more than 128 KiB in one). */
const maxChars = 64 * 1024;

function brokenSize({ runner }: Asked): Broken[] {
  if (JSON.stringify(runner).length <= maxChars) return [];
  const why = "its arguments and variables are too long";
  return [{ path: ["runner"], why, remedy: `write no more than ${maxChars} characters` }];
}

const everywhere = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];

/** The sandbox shows no other places. */
function brokenProgram({ name, can, runner }: Asked): Broken[] {
  const base = `/srv/con/agents/${name}`;
  const shown = [...everywhere, `${base}/workspace`, `${base}/tools`, ...can.read, ...can.write];
  const program = runner?.argv[0] ?? "";
  if (shown.some((root) => program.startsWith(`${root}/`))) return [];
  const why = `${program} lies where its sandbox shows nothing`;
  return [{ path: ["runner"], why, remedy: "put it below /usr/local, or grant its folder" }];
}

/** What only con's own loop keeps. */
function brokenPromises({ can, spawn, approval, budget, cascade, mcp }: Asked): Broken[] {
  const asks = budget.askUsdPerTask !== null || budget.askTokensPerTask !== null;
  const promises: readonly (readonly [Broken["path"], boolean])[] = [
    [["can", "tools"], can.tools.length > 0 && spawn === null],
    [["can", "task"], can.task.length > 0],
    [["can", "spawn"], spawn !== null],
    [["approval"], approval.length > 0],
    [["budget"], asks],
    [["cascade"], cascade !== undefined],
    [["mcp"], mcp !== undefined],
  ];
  return promises.flatMap(([path, isMade]): Broken[] => {
    if (!isMade) return [];
    const what = path[0] === "budget" ? "budget.ask_*" : path.join(".");
    const why = `${what} is kept by con's own loop, and this agent has another runner`;
    return [{ path, why, remedy: "remove it, or the runner" }];
  });
}
