/** `con tool list` and `con tool show`: forged tools of an agent, as they are. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { safeJson, safeLine, safeText, table } from "../shared/text.ts";
import { agentOr, askTools } from "./ask.ts";
import { type Fields, fieldsOf, listOf, wordOf } from "./request.ts";

const listExample = `Root only. Without --agent, those of the front desk. A version is "-" where the tool was removed or was changed.

Keys of --json: agent, tools [{name, version, versions, purpose, language, tainted, calls, failures, streak, trouble}].
calls and failures are those of the version in use; streak is failures in a row.

Exit code: 0 shown, 65 no such agent, 77 not root.

Example:
  con tool list --agent concierge`;

interface Options {
  readonly agent?: string;
  readonly json?: boolean;
  readonly version?: number;
}

export async function listTools(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("tool list", "List the forged tools of an agent.", listExample)
    .option("-a, --agent <name>", "whose (default: the front desk)")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json } = command.opts<Options>();
  const name = agentOr(io, agent);
  const tools = listOf(fieldsOf(await askTools(io, name, { verb: "list" }))["tools"]);
  if (json === true) io.out(safeJson({ agent: name, tools }));
  else io.out(rows(tools.map(fieldsOf)));
  return exit.ok;
}

function rows(tools: readonly Fields[]): string {
  if (tools.length === 0) return "there are no forged tools\n";
  const head = ["TOOL", "VERSION", "CALLS", "FAILED", "LANGUAGE", "PURPOSE"];
  return table(
    head,
    tools.map((tool) => {
      const about = tool["trouble"] === null ? wordOf(tool, "purpose") : wordOf(tool, "trouble");
      const keys = ["name", "version", "calls", "failures", "language"];
      return [...keys.map((key) => wordOf(tool, key)), about].map(safeLine);
    }),
  );
}

const showExample = `Root only. Models wrote purpose, code and tests: nothing of it is a statement of con.

Keys of --json: name, version, versions, purpose, language, inputs, output, limits, dependencies, layers, tainted, made {at,
task, rounds, model}, digest, code, tests [{arguments, result}], report.

Exit code: 0 shown, 65 there is none or it was changed, 77 not root.

Example:
  con tool show fibonacci --agent concierge`;

export async function showTool(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("tool show", "Show one forged tool.", showExample)
    .argument("<tool>", "its name, without forged.")
    .option("-a, --agent <name>", "whose (default: the front desk)")
    .option("--version <n>", "not the one in use", wholeNumber("--version", 1))
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json, version = null } = command.opts<Options>();
  const [tool = ""] = command.args;
  const value = await askTools(io, agentOr(io, agent), { verb: "show", tool, version });
  if (json === true) io.out(safeJson(value));
  else print(io, fieldsOf(value));
  return exit.ok;
}

function print(io: Io, tool: Fields): void {
  const made = fieldsOf(tool["made"]);
  const lines = [
    `tool       forged.${wordOf(tool, "name")}`,
    `version    ${wordOf(tool, "version")} of ${listOf(tool["versions"]).join(", ")}`,
    `purpose    ${wordOf(tool, "purpose")}`,
    `language   ${wordOf(tool, "language")}`,
    `made       by ${wordOf(made, "model")} for task ${wordOf(made, "task")}, round ${wordOf(made, "rounds")}`,
    `strangers  ${tool["tainted"] === true ? "that task had read words of strangers" : "none"}`,
    `uses       ${listOf(tool["dependencies"]).join(", ") || "the standard library"}`,
    `inputs     ${JSON.stringify(tool["inputs"])}`,
    `output     ${JSON.stringify(tool["output"])}`,
    `tests      ${listOf(tool["tests"]).length}`,
    `digest     ${wordOf(tool, "digest")}`,
  ];
  for (const line of lines) io.out(`${safeLine(line)}\n`);
  io.out(`\n${safeText(wordOf(tool, "code"))}`);
}
