/** A tool that runs only after the audit trail has its call, or the agent's disk for it. */
import type { Tool } from "../../tools/tool.ts";
import type { AuditTrail } from "../audit.ts";

const lostText =
  "not run: this call could not be recorded, because neither the gateway nor the disk takes the record. " +
  "Try again later.";

export const recorded = (tool: Tool, trail: Pick<AuditTrail, "settle">): Tool => ({
  ...tool,
  run: async (args, context) =>
    (await trail.settle()) === "lost" ? { ok: false, text: lostText } : tool.run(args, context),
});
