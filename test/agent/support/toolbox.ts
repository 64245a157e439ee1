/** A toolbox over tools and sources as a test names them. */
import { indexedToolbox, type ToolboxWorld } from "../../../src/agent/toolbox/toolbox.ts";
import { isSourceTool } from "../../../src/config/tool-groups.ts";
import type { ToolSource } from "../../../src/tools/source.ts";
import type { Tool } from "../../../src/tools/tool.ts";
import { validateWithAjv } from "./scripted.ts";

/** A source whose tools are those of `tools` at each moment. */
export const sourceOf = (
  category: string,
  tools: () => readonly Tool[],
  more: Partial<ToolSource> = {},
): ToolSource => ({
  category,
  summary: `tools of ${category}`,
  list: async () => ({ tools: tools() }),
  ...more,
});

export const never = () => ({ signal: new AbortController().signal, clear: () => undefined });

export const toolboxWith = (full: readonly Tool[], change: Partial<ToolboxWorld> = {}) =>
  indexedToolbox({
    view: { full, folded: [] },
    sources: [],
    isGranted: isSourceTool,
    isGrantedIn: () => true,
    isName: isSourceTool,
    wrap: (tool) => tool,
    clock: { deadline: never },
    validate: validateWithAjv(full),
    nonce: () => "00112233445566778899aabbccddeeff",
    ...change,
  });
