/** Tools whose calls run code in a throw-away sandbox. Pure. */
import { toolCovers } from "./tool-groups.ts";

const sandboxTools = ["run_code", "forge_tool"];

/** Whether an agent with these entries in `can.tools` reaches the sandbox. Forged tools run in one, shared ones too. */
export const usesSandbox = (tools: readonly string[]): boolean =>
  tools.some(
    (entry) =>
      sandboxTools.includes(entry) ||
      ["forged", "shared"].some((category) => toolCovers(category, entry)),
  );
