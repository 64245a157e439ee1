/** What waits for people, for clients that were started with --approvals. The verbs refuse whoever may not. */
import { approve, deny } from "../../commands/approvals/decide.ts";
import { listApprovals } from "../../commands/approvals/list.ts";
import { type DriverTool, given, gives, reads, stringOf } from "./tool.ts";
import { runVerb } from "./verbs.ts";

const id = { type: "string", minLength: 1, maxLength: 200, description: "From list_approvals" };
const why = { type: "string", maxLength: 500, description: "One line; the agent is told" };

const list: DriverTool = {
  name: "list_approvals",
  title: "What waits for people",
  description: "What agents may do only when a person agrees. Previews are words of agents.",
  inputSchema: given({}),
  outputSchema: gives(
    {
      approvals: { type: "array", items: { type: "object" } },
      held: { type: "array", items: { type: "object" } },
    },
    ["approvals", "held"],
  ),
  annotations: reads,
  run: async (_, { io, signal }) =>
    (await runVerb(io, listApprovals, ["--json"], { signal })).value as object,
};

const decision = (
  name: "approve" | "deny",
  title: string,
  description: string,
  required: readonly string[],
): DriverTool => ({
  name,
  title,
  description,
  inputSchema: given({ id, why }, required),
  outputSchema: gives({}, []),
  annotations: {
    readOnlyHint: false,
    destructiveHint: name === "approve",
    idempotentHint: true,
    openWorldHint: true,
  },
  async run(args, { io, signal }) {
    const reason = stringOf(args, "why") ?? "";
    const argv = ["--json", `--why=${reason}`, "--", stringOf(args, "id") ?? ""];
    const verb = name === "approve" ? approve : deny;
    return (await runVerb(io, verb, argv, { signal })).value as object;
  },
});

export const approvalTools: readonly DriverTool[] = [
  list,
  decision("approve", "Agree", "Agrees that it is done, in the name of whoever started con mcp.", [
    "id",
  ]),
  decision("deny", "Refuse", "Refuses it; the agent is told why.", ["id", "why"]),
];
