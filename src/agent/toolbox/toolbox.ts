/**
 * All tools of one attempt: those that the model sees in full, and those that it finds by the index.
 *
 * What it sees is made once and stays as it is, so that providers keep the prefix. What there is is looked up anew
 * for each call: a tool that was made during the task is there, one that is gone or whose grant has ended is not.
 */
import type { Tool } from "../../tools/tool.ts";
import type { ValidateArguments } from "../arguments.ts";
import { type Catalogue, createCatalogue, type SourceWorld } from "./catalogue.ts";
import { detailsTool } from "./details.ts";
import { useTool } from "./effective.ts";
import { indexText } from "./index-text.ts";
import { specOf, type Toolbox } from "./plain.ts";
import type { View, ViewedCategory } from "./view.ts";

export interface ToolboxWorld extends SourceWorld {
  readonly view: View;
  readonly validate: ValidateArguments;
  /** Unguessable, for the frame around what others wrote. */
  readonly nonce: () => string;
}

/** With an index: where tools are folded away, or sources are granted. */
export async function indexedToolbox(world: ToolboxWorld): Promise<Toolbox> {
  const { view, validate, nonce } = world;
  const catalogue = createCatalogue(world);
  const listed = await catalogue.list();
  const details = world.wrap(
    detailsTool({
      index: indexText(view.folded, listed),
      folded: view.folded,
      full: view.full,
      catalogue,
      nonce,
    }),
  );
  const own = [...view.full, ...foldedIn(view.folded), details];
  const find = async (name: string): Promise<Tool | null> =>
    own.find((tool) => tool.name === name) ?? (await catalogue.find(name));
  return {
    specs: [...view.full.map(specOf), specOf(details), useTool],
    find,
    check: async (tool, args) =>
      catalogue.originOf(tool.name) === "con"
        ? validate(tool.name, args)
        : catalogue.check(tool, args),
    originOf: catalogue.originOf,
    isGranted: world.isGranted,
    missing: (name) => missing(name, own, catalogue),
    all: () => [...view.full, ...foldedIn(view.folded), ...catalogue.known()],
  };
}

const foldedIn = (folded: readonly ViewedCategory[]): readonly Tool[] =>
  folded.flatMap(({ tools }) => tools);

async function missing(name: string, own: readonly Tool[], catalogue: Catalogue): Promise<string> {
  const listed = await catalogue.list();
  const names = [...own, ...listed.flatMap(({ tools }) => tools)].map((tool) => tool.name);
  const near = nearNames(name, names);
  const trouble = listed.flatMap(({ category, trouble: why }) =>
    why !== null && name.startsWith(`${category}.`) ? [` ${category}: ${why}.`] : [],
  );
  const hint = near.length === 0 ? "" : ` Near to it: ${near.join(", ")}.`;
  const shown = JSON.stringify(name.slice(0, 100).toWellFormed());
  return `there is no tool ${shown}.${hint}${trouble.join("")} tool_details without arguments lists all there are.`;
}

const mostNear = 5;

/** Alike but for case and signs, then those with a word of it. */
function nearNames(name: string, names: readonly string[]): string[] {
  const squash = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const wordsOf = (text: string): string[] =>
    text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word.length > 2);
  const [wanted, words] = [squash(name), new Set(wordsOf(name))];
  const score = (one: string): number =>
    squash(one) === wanted || squash(one).endsWith(wanted)
      ? 100
      : wordsOf(one).filter((word) => words.has(word)).length;
  return names
    .map((one) => ({ one, score: score(one) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || (a.one < b.one ? -1 : 1))
    .slice(0, mostNear)
    .map(({ one }) => one);
}
