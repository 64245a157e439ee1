/** `con tool test|rollback|remove`: a person's word on one forged tool. No version is ever deleted. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { agentOr, askTools } from "./ask.ts";
import { fieldsOf, listOf, type ToolRequest, wordOf } from "./request.ts";

interface Options {
  readonly agent?: string;
  readonly json?: boolean;
  readonly to?: number;
  readonly version?: number;
}

const base = (verb: string, title: string, example: string) =>
  newCommand(`tool ${verb}`, title, example)
    .argument("<tool>", "its name, without forged.")
    .option("-a, --agent <name>", "whose (default: the front desk)")
    .option("--json", "print JSON");

const testExample = `Root only. Runs its tests in the sandbox, as the agent.

Keys of --json: tool, version, tests, failures (a list of texts).

Exit code: 0 all passed, 1 some failed, 65 there is none or it was changed, 69 no sandbox, 77 not root.

Example:
  con tool test fibonacci --agent concierge`;

export async function testTool(argv: readonly string[], io: Io): Promise<number> {
  const command = base("test", "Run the tests of one forged tool.", testExample).option(
    "--version <n>",
    "not the one in use",
    wholeNumber("--version", 1),
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json, version = null } = command.opts<Options>();
  const [tool = ""] = command.args;
  const value = await askTools(io, agentOr(io, agent), { verb: "test", tool, version });
  const said = fieldsOf(value);
  const failures = listOf(said["failures"]).map(String);
  if (json === true) io.out(safeJson(value));
  else {
    const which = `forged.${wordOf(said, "tool")} version ${wordOf(said, "version")}`;
    for (const failure of failures) io.out(`${safeLine(failure)}\n`);
    const end =
      failures.length === 0 ? `all ${wordOf(said, "tests")} tests passed` : "tests failed";
    io.out(`${safeLine(`${which}: ${end}`)}\n`);
  }
  return failures.length === 0 ? exit.ok : exit.no;
}

const rollbackExample = `Root only. Without --to: the version before the one in use, or the last one of a removed tool.

Keys of --json: tool, version.

Exit code: 0 done, 65 there is no such version or it was changed, 77 not root.

Example:
  con tool rollback fibonacci --to 1 --agent concierge`;

export async function rollBackTool(argv: readonly string[], io: Io): Promise<number> {
  const command = base(
    "rollback",
    "Bring an earlier version back into use.",
    rollbackExample,
  ).option("--to <n>", "that version", wholeNumber("--to", 1));
  if (parse(command, argv, io) === "help") return exit.ok;
  const { to: version = null } = command.opts<Options>();
  const [tool = ""] = command.args;
  return changed(io, command.opts<Options>(), { verb: "rollback", tool, version });
}

const removeExample = `Root only. Its versions stay: con tool rollback brings it back.

Keys of --json: tool, version (null).

Exit code: 0 done, 65 there is none, 77 not root.

Example:
  con tool remove fibonacci --agent concierge`;

export async function removeTool(argv: readonly string[], io: Io): Promise<number> {
  const command = base("remove", "Take one forged tool out of use.", removeExample);
  if (parse(command, argv, io) === "help") return exit.ok;
  const [tool = ""] = command.args;
  return changed(io, command.opts<Options>(), { verb: "remove", tool });
}

async function changed(io: Io, { agent, json }: Options, request: ToolRequest): Promise<number> {
  const value = fieldsOf(await askTools(io, agentOr(io, agent), request));
  const version = wordOf(value, "version");
  const now = version === "-" ? "is out of use" : `is at version ${version}`;
  io.out(
    json === true ? safeJson(value) : `${safeLine(`forged.${wordOf(value, "tool")} ${now}`)}\n`,
  );
  return exit.ok;
}
