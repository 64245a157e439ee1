/** `con tool list` and `con tool show`: forged tools of an agent, as they are. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { safeJson, safeLine, safeText, table } from "../shared/text.ts";
import { agentOr, askTools } from "./ask.ts";
import { type Fields, fieldsOf, listOf, wordOf } from "./request.ts";
import { sharedList, sharedShow } from "./shared.ts";

const listExample = `Root only; --shared also group trusted. Without --agent, those of the front desk. A version is "-" where the tool was
removed or was changed.

Keys of --json: agent, tools [{name, version, versions, purpose, language, tainted, calls, failures, streak, trouble}].
calls and failures are those of the version in use; streak is failures in a row. --shared: tools without agent, calls,
failures and streak, and with owner.

Exit code: 0 shown, 65 no such agent, 77 not root.

Example:
  con tool list --agent concierge`;

interface Options {
  readonly agent?: string;
  readonly json?: boolean;
  readonly shared?: boolean;
  readonly version?: number;
}

export async function listTools(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("tool list", "List the forged tools of an agent.", listExample)
    .option("-a, --agent <name>", "whose (default: the front desk)")
    .option("--shared", "those that all may share")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json, shared } = command.opts<Options>();
  if (shared === true) return listShared(io, json === true);
  const name = agentOr(io, agent);
  const tools = listOf(fieldsOf(await askTools(io, name, { verb: "list" }))["tools"]);
  if (json === true) io.out(safeJson({ agent: name, tools }));
  else io.out(rows(tools.map(fieldsOf)));
  return exit.ok;
}

function listShared(io: Io, json: boolean): number {
  const value = fieldsOf(sharedList(io));
  const tools = listOf(value["tools"]).map(fieldsOf);
  if (json) io.out(safeJson(value));
  else if (tools.length === 0) io.out("no tool is shared\n");
  else {
    const keys = ["name", "version", "owner", "language"];
    const head = ["TOOL", "VERSION", "OF", "LANGUAGE", "PURPOSE"];
    io.out(
      table(
        head,
        tools.map((tool) => [...keys.map((key) => wordOf(tool, key)), about(tool)].map(safeLine)),
      ),
    );
  }
  return exit.ok;
}

const about = (tool: Fields): string =>
  wordOf(tool, tool["trouble"] === null ? "purpose" : "trouble");

function rows(tools: readonly Fields[]): string {
  if (tools.length === 0) return "there are no forged tools\n";
  const head = ["TOOL", "VERSION", "CALLS", "FAILED", "LANGUAGE", "PURPOSE"];
  return table(
    head,
    tools.map((tool) => {
      const keys = ["name", "version", "calls", "failures", "language"];
      return [...keys.map((key) => wordOf(tool, key)), about(tool)].map(safeLine);
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
    .option("--shared", "one that all may share")
    .option("--version <n>", "not the one in use", wholeNumber("--version", 1))
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json, shared, version = null } = command.opts<Options>();
  const [tool = ""] = command.args;
  const value =
    shared === true
      ? sharedShow(io, tool, version)
      : await askTools(io, agentOr(io, agent), { verb: "show", tool, version });
  if (json === true) io.out(safeJson(value));
  else print(io, fieldsOf(value), shared === true ? "shared" : "forged");
  return exit.ok;
}

function print(io: Io, tool: Fields, category: string): void {
  const made = fieldsOf(tool["made"]);
  const lines = [
    `tool       ${category}.${wordOf(tool, "name")}`,
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
