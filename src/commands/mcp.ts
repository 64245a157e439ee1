/** `con mcp`: what people do with tasks, for programs that speak the Model Context Protocol. */
import { exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `A server on standard input and output, to be started by an editor, another agent program or a script. It runs
as whoever starts it, and may what that user may: nothing is granted here. Ends when standard input is closed.

Tools: list_agents, deliver_task, list_tasks, task_status, follow_task, read_answer, cancel_task. With --approvals
also list_approvals, approve and deny, for root and group trusted: only where a person looks at each call,
for whatever calls them decides in your name.

Exit code: 0 when the other side has closed.

Example:
  {"mcpServers": {"con": {"command": "con", "args": ["mcp"]}}}
  {"mcpServers": {"con": {"command": "ssh", "args": ["host", "con", "mcp"]}}}`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("mcp", "Serve tasks and answers to MCP clients.", example).option(
    "--approvals",
    "also what waits for people",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const { approvals = false } = command.opts<{ approvals?: boolean }>();
  const { serve } = await import("../drivers/mcp/serve.ts");
  return serve(io, { approvals });
}
