/**
 * Which tool of an agent stands for which verb of the steward. Constants only.
 *
 * Where a manifest lists one of them under `approval`, the steward holds the request itself: whoever
 * drops it past the tool waits for people all the same. Runners leave these to the steward.
 */
import type { StewardVerb } from "../types.ts";

export const toolOfVerb: Readonly<Partial<Record<StewardVerb, string>>> = {
  commission: "commission_agent",
  amend: "amend_agent",
  retire: "retire_agent",
  grant: "request_grant",
  install: "install_package",
  install_layer: "install_package",
  pause: "control_agent",
  resume: "control_agent",
  kill_session: "control_agent",
  quarantine: "control_agent",
  spawn: "spawn",
  propose: "propose_change",
  share_tool: "share_tool",
};

export const isStewardTool = (tool: string): boolean => Object.values(toolOfVerb).includes(tool);
