/** What a server says about its tools, as plain values. Pure. Never: throws for what it says, or keeps more than its bounds. */

import { sha256 } from "../../system/sha256.ts";
import type { ServerTool } from "./types.ts";

const mostDescription = 8_000;
const mostTools = 1000;
/** Characters of JSON: of one tool, whose schema the index does not take either if it is larger; of all that are kept. */
const mostOfTool = 96 * 1024;
const mostOfAll = 4 * 2 ** 20;
/** As grants have them (config/tool-groups.ts). */
const isName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

type Map = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Map =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Null for what is nested too deeply. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Null for what has no name that could be granted, or says too much. */
function toolOf(value: unknown): ServerTool | null {
  if (!isMap(value) || typeof value["name"] !== "string" || !isName.test(value["name"]))
    return null;
  const { name, title, description, inputSchema, annotations } = value;
  const all = jsonOf([name, title, description, inputSchema, annotations]);
  if (all === null || all.length > mostOfTool) return null;
  const hints = isMap(annotations) ? annotations : {};
  const text = [title, description].filter((one) => typeof one === "string").join(": ");
  return {
    name,
    description: text.slice(0, mostDescription).toWellFormed(),
    schema: isMap(inputSchema) ? inputSchema : { type: "object" },
    repeatable: hints["readOnlyHint"] === true || hints["idempotentHint"] === true,
    digest: sha256(all),
  };
}

export interface Shelf {
  /** What a page of the list holds. False once there is no more room. */
  readonly add: (page: unknown) => boolean;
  /** The first of each name. */
  readonly tools: () => ServerTool[];
}

/** Pages are read as they come: one alone may be as large as an answer may be. */
export function createShelf(): Shelf {
  const byName = new Map<string, ServerTool>();
  let left = mostOfAll;
  return {
    add(page) {
      for (const value of Array.isArray(page) ? page : []) {
        if (byName.size >= mostTools) return false;
        const tool = toolOf(value);
        if (tool === null || byName.has(tool.name)) continue;
        left -= tool.name.length + tool.description.length + (jsonOf(tool.schema)?.length ?? 0);
        if (left < 0) return false;
        byName.set(tool.name, tool);
      }
      return true;
    },
    tools: () => [...byName.values()],
  };
}
