/** `con tool test|rollback|remove|unshare`: a person's word on one tool. No version is ever deleted. */
import { exit } from "../../system/errors.ts";
import { type AskOptions, askHelp, withAskOptions } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { agentOr, askTools } from "./ask.ts";
import { fieldsOf, listOf, type ToolRequest, wordOf } from "./request.ts";
import { sharedTest, sharedTurn } from "./shared.ts";

interface Options {
  readonly agent?: string;
  readonly json?: boolean;
  readonly shared?: boolean;
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
  const command = base("test", "Run the tests of one forged tool.", testExample)
    .option("--shared", "one that all may share; --agent is as whom")
    .option("--version <n>", "not the one in use", wholeNumber("--version", 1));
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json, shared, version = null } = command.opts<Options>();
  const [tool = ""] = command.args;
  const value =
    shared === true
      ? await sharedTest(io, tool, { agent, version })
      : await askTools(io, agentOr(io, agent), { verb: "test", tool, version });
  const said = fieldsOf(value);
  const failures = listOf(said["failures"]).map(String);
  if (json === true) io.out(safeJson(value));
  else {
    const which = `${shared === true ? "shared" : "forged"}.${wordOf(said, "tool")} version ${wordOf(said, "version")}`;
    for (const failure of failures) io.out(`${safeLine(failure)}\n`);
    const end =
      failures.length === 0 ? `all ${wordOf(said, "tests")} tests passed` : "tests failed";
    io.out(`${safeLine(`${which}: ${end}`)}\n`);
  }
  return failures.length === 0 ? exit.ok : exit.no;
}

const rollbackExample = `Root only; --shared also group trusted. Without --to: the version before the one in use, or the last one of a
removed tool.

Keys of --json: tool, version; with --shared those of con tool unshare.

Exit code: 0 done, 65 there is no such version or it was changed, 77 not root.

Example:
  con tool rollback fibonacci --to 1 --agent concierge`;

export async function rollBackTool(argv: readonly string[], io: Io): Promise<number> {
  const command = base("rollback", "Bring an earlier version back into use.", rollbackExample)
    .option("--to <n>", "that version", wholeNumber("--to", 1))
    .option("--shared", "one that all may share, through the steward")
    .option("--why <text>", "with --shared: one line for the records", "")
    .option("--timeout <seconds>", "with --shared: longest wait", wholeNumber("--timeout", 1), 60);
  if (parse(command, argv, io) === "help") return exit.ok;
  const { to: version = null, shared } = command.opts<Options>();
  const [tool = ""] = command.args;
  if (shared === true) {
    const request = { verb: "rollback_tool", tool, revision: version } as const;
    return sharedTurn(io, request, command.opts<AskOptions>());
  }
  return changed(io, command.opts<Options>(), { verb: "rollback", tool, version });
}

const unshareExample = `Holds from the next call on. Its versions stay: con tool rollback --shared brings it back.
${askHelp}

Example:
  con tool unshare fibonacci --why "wrong for large numbers"`;

export async function unshareTool(argv: readonly string[], io: Io): Promise<number> {
  const about = newCommand("tool unshare", "Take a shared tool from all.", unshareExample);
  const command = withAskOptions(about).argument("<tool>", "its name, without shared.");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [tool = ""] = command.args;
  return sharedTurn(io, { verb: "unshare_tool", tool }, command.opts<AskOptions>());
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
