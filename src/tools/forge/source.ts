/**
 * Forged tools as tools: `forged.NAME`, and those of others that people let everybody share: `shared.NAME`. Each call
 * reads the version in use anew, holds its digest against what was registered and the arguments against its schema, and
 * runs it in a throw-away sandbox.
 *
 * A result follows from code and arguments alone: there is no network and no file. So it is a stranger's word where
 * the code was made by a task that had read such words; where the arguments are, the task knows it by itself. Of such
 * a tool neither its purpose nor the words in its schemas are shown (bare.ts).
 */
import { reasonOf } from "../../system/errors.ts";
import { refused } from "../answer.ts";
import type { ToolResult } from "../result.ts";
import { shownOrKept } from "../roles/report.ts";
import type { ToolSource } from "../source.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { bareParameters } from "./bare.ts";
import type { Registry } from "./registry.ts";
import { type Called, call } from "./run.ts";
import type { Fits, Json } from "./types.ts";
import { flaggedAfter, type UseCounts } from "./uses.ts";
import type { Version } from "./version-files.ts";

export interface SourceParts {
  readonly registry: Registry;
  readonly uses: UseCounts;
  readonly fitting: (schema: unknown) => Promise<Fits>;
  /** `forged`: the agent's own. */
  readonly category: "forged" | "shared";
}

const summaries = {
  forged: "tools that this agent had made by forge_tool",
  shared: "tools that other agents had made, reviewed and kept for all",
};

export const forgedSource = (parts: SourceParts): ToolSource => ({
  category: parts.category,
  summary: summaries[parts.category],
  list: () => Promise.resolve().then(() => listed(parts)),
});

function listed({ registry, ...rest }: SourceParts): Awaited<ReturnType<ToolSource["list"]>> {
  const troubles: string[] = [];
  const tools: Tool[] = [];
  try {
    for (const name of registry.names()) {
      const pointer = registry.pointer(name);
      if (pointer !== null && typeof pointer !== "string" && pointer.version === null) continue;
      const loaded = registry.load(name);
      if (loaded.ok) tools.push(toolOf(loaded, { registry, ...rest }));
      else troubles.push(loaded.why);
    }
  } catch (error) {
    troubles.push(reasonOf(error));
  }
  return troubles.length === 0 ? { tools } : { tools, trouble: troubles.join("; ") };
}

const toolOf = ({ manifest }: Version, parts: SourceParts): Tool => ({
  name: `${parts.category}.${manifest.name}`,
  description: descriptionOf(manifest, parts),
  parameters: manifest.tainted ? bareParameters(manifest.inputs) : manifest.inputs,
  parallel: true,
  run: (args, context) => use(manifest.name, args, context, parts),
});

const strange = "(made in a task that had read words of strangers: its purpose is not shown)";

function descriptionOf(
  { name, version, purpose, tainted }: Version["manifest"],
  { uses, category }: SourceParts,
): string {
  const { streak } = uses.of(name, version);
  const remedy = category === "forged" ? "forge it again" : "tell a person";
  const flag = streak < flaggedAfter ? "" : `[failed ${streak} times in a row: ${remedy}] `;
  return `${flag}${tainted ? strange : purpose}`;
}

async function use(
  name: string,
  args: Json,
  context: ToolContext,
  { registry, uses, fitting }: SourceParts,
): Promise<ToolResult> {
  const { sandbox, signal } = context;
  if (sandbox === undefined)
    return refused("there is no throw-away sandbox here: it needs systemd");
  const loaded = registry.load(name);
  if (!loaded.ok) return refused(`not run: ${loaded.why}`);
  const { manifest, code } = loaded;
  const mark = manifest.tainted ? { untrusted: true as const } : {};
  // Another version than the one that was listed, or more than a model was shown of it.
  const odd = (await fitting(manifest.inputs))(args);
  if (odd !== null) return { ...refused(`not run: its arguments do not fit: ${odd}`), ...mark };
  const called = await call({ ...manifest, code }, args, { sandbox, signal });
  if (called.kind === "unrun") return refused(`not run: ${called.why}`);
  const why = troubleWith(called, await fitting(manifest.output));
  const isCounted = uses.count(name, manifest.version, why);
  const note = isCounted ? "" : "\n[the disk is full: this use was not counted]";
  const text = why ?? shownOrKept(context, "result", shown(called));
  return {
    ok: why === null,
    text: `${text}${note}`,
    ...mark,
  };
}

function troubleWith(called: Exclude<Called, { kind: "unrun" }>, output: Fits): string | null {
  if (called.kind === "failed") return `the tool failed: ${called.why}`;
  const misfit = output(called.value);
  return misfit === null ? null : `the tool failed: its result does not fit its schema: ${misfit}`;
}

/** Nothing that drives a terminal or turns a line around. */
const shown = (called: Called): string =>
  called.kind === "result"
    ? JSON.stringify(called.value).replaceAll(
        /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
    : "";
