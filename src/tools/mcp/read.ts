/** What a server says about its tools, as plain values. Pure. Never: throws for what it says, or keeps more than its bounds. */
import { createHash } from "node:crypto";
import type { ServerTool } from "./types.ts";

const mostDescription = 8_000;

type Map = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Map =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Null for what has no name or no schema of an object. */
function toolOf(value: unknown): ServerTool | null {
  if (!isMap(value) || typeof value["name"] !== "string") return null;
  const { name, title, description, inputSchema, annotations } = value;
  const schema = isMap(inputSchema) ? inputSchema : { type: "object" };
  const hints = isMap(annotations) ? annotations : {};
  const text = [title, description].filter((one) => typeof one === "string").join(": ");
  return {
    name,
    description: text.slice(0, mostDescription).toWellFormed(),
    schema,
    repeatable: hints["readOnlyHint"] === true || hints["idempotentHint"] === true,
    digest: createHash("sha256")
      .update(JSON.stringify([name, title, description, inputSchema, annotations]))
      .digest("hex"),
  };
}

/** The first of each name. */
export function toolsIn(values: readonly unknown[]): ServerTool[] {
  const found = values.map(toolOf).filter((tool) => tool !== null);
  const byName = new Map<string, ServerTool>();
  for (const tool of found) if (!byName.has(tool.name)) byName.set(tool.name, tool);
  return [...byName.values()];
}
