/**
 * `con`: finds the command, runs it, turns what comes back into an exit code.
 *
 * Only the named command is loaded: `con run` is on the way of every cold wake, so nothing is
 * imported here that it does not need. Never: prints a stack trace without --debug, or loses the
 * end of what a command printed.
 */
import { ConError, exit, reasonOf } from "./system/errors.ts";
import { printable } from "./system/log.ts";

interface CommandModule {
  readonly run: (argv: string[]) => Promise<number>;
}

/** Literal import paths, so that the bundler makes one chunk of each command. */
const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  run: () => import("./commands/run.ts"),
  gateway: () => import("./commands/gateway.ts"),
  browser: () => import("./commands/browser.ts"),
  sweep: () => import("./commands/sweep.ts"),
  upkeep: () => import("./commands/upkeep.ts"),
  schedule: () => import("./commands/schedule.ts"),
  steward: () => import("./commands/steward.ts"),
  task: () => import("./commands/task.ts"),
  show: () => import("./commands/show.ts"),
  trace: () => import("./commands/trace.ts"),
  cancel: () => import("./commands/cancel.ts"),
  retry: () => import("./commands/retry.ts"),
  status: () => import("./commands/status.ts"),
  top: () => import("./commands/top.ts"),
  responses: () => import("./commands/responses.ts"),
  logs: () => import("./commands/logs.ts"),
  agent: () => import("./commands/agent.ts"),
  approvals: () => import("./commands/approvals.ts"),
  proposal: () => import("./commands/proposal.ts"),
  memory: () => import("./commands/memory.ts"),
  skill: () => import("./commands/skill.ts"),
  tool: () => import("./commands/tool.ts"),
  package: () => import("./commands/package.ts"),
  halt: () => import("./commands/halt.ts"),
  resume: () => import("./commands/resume.ts"),
  model: () => import("./commands/model.ts"),
  credential: () => import("./commands/credential.ts"),
  contract: () => import("./commands/contract.ts"),
  canary: () => import("./commands/canary.ts"),
  healthcheck: () => import("./commands/healthcheck.ts"),
  bootstrap: () => import("./commands/bootstrap.ts"),
  verify: () => import("./commands/verify.ts"),
  reapply: () => import("./commands/reapply.ts"),
  doctor: () => import("./commands/doctor.ts"),
  dev: () => import("./commands/dev.ts"),
  data: () => import("./commands/data.ts"),
  loopback: () => import("./commands/loopback.ts"),
  mcp: () => import("./commands/mcp.ts"),
  help: () => import("./commands/help.ts"),
};

/** Started by units: their output goes to the journal, and a broken pipe there is no goodbye. */
const services = new Set([
  "run",
  "loopback",
  "gateway",
  "browser",
  "sweep",
  "schedule",
  "steward",
  "upkeep",
]);

interface Invocation {
  readonly debug: boolean;
  /** Directory of `con dev`, or null for the installed system. */
  readonly root: string | null;
  readonly verb: string;
  readonly args: string[];
}

/** Global options stand before the verb; --debug may also stand behind it, up to a lone `--`. */
function readInvocation(argv: readonly string[]): Invocation {
  const rest = [...argv];
  let debug = false;
  let root: string | null = null;
  for (let first = rest[0]; first?.startsWith("-"); first = rest[0]) {
    rest.shift();
    if (first === "--debug") debug = true;
    else if (first === "--root") root = rest.shift() ?? "";
    else if (first.startsWith("--root=")) root = first.slice("--root=".length);
    else if (first === "--help" || first === "-h") return { debug, root, verb: "help", args: rest };
    else if (first === "--version" || first === "-V")
      return { debug, root, verb: "help", args: ["--version"] };
    else throw usage(`option ${first}`, "there is no such global option");
  }
  let verb = rest.shift() ?? "help";
  const about = rest[0];
  if (verb === "help" && about !== undefined && !about.startsWith("-")) {
    verb = about;
    rest.splice(0, rest.length, "--help");
  }
  const end = rest.indexOf("--") < 0 ? rest.length : rest.indexOf("--");
  const args = rest.filter((word, index) => index >= end || word !== "--debug");
  return { debug: debug || args.length < rest.length, root, verb, args };
}

function usage(what: string, why: string): ConError {
  return new ConError(exit.usage, what, why, "see con --help");
}

async function dispatch(invocation: Invocation): Promise<number> {
  const { root, verb, args } = invocation;
  if (root === "") throw usage("--root", "needs a directory");
  if (root !== null) process.env["CON_ROOT"] = root;
  const load = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (load !== undefined) return (await load()).run(args);
  const { nearest } = await import("./commands/shared/nearest.ts");
  const guess = nearest(verb, Object.keys(commands));
  const remedy = guess === null ? "see con --help" : `did you mean con ${guess}? see con --help`;
  throw new ConError(exit.usage, verb, "there is no such command", remedy);
}

function report(error: unknown, debug: boolean): number {
  if (error instanceof ConError) {
    write(`con: ${printable(withoutName(error.message))}\n`);
    if (debug) write(`${stackOf(error)}\n`);
    return error.code;
  }
  const text = reasonOf(error);
  write(`con: internal error: ${printable(text)}: this is a bug in con, run it with --debug`);
  write(" and report what it prints\n");
  if (debug) write(`${stackOf(error)}\n`);
  return exit.software;
}

/** `con agent add: …` is about a verb of ours: the name stands before it already. */
const withoutName = (message: string): string => message.replace(/^con (?=\S)/, "");

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const stack = (error.stack ?? error.message).split("\n").map(printable).join("\n");
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}

function write(text: string): void {
  process.stderr.write(text);
}

/** A reader that has seen enough (`con show X | head -1`) ends us without a word. */
function endQuietlyWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EIO: the terminal was hung up.
      const isHungUp = error.code === "EIO" && stream.isTTY;
      if (error.code === "EPIPE" || isHungUp) process.exit(exit.ok);
      throw error;
    });
}

function finish(code: number, isService: boolean): void {
  if (isService) process.exit(code);
  process.stdout.write("", () => process.exit(code));
}

async function main(): Promise<void> {
  let debug = false;
  process.on("uncaughtException", (error) => process.exit(report(error, debug)));
  let isService = false;
  try {
    const invocation = readInvocation(process.argv.slice(2));
    debug = invocation.debug;
    isService = services.has(invocation.verb);
    if (!isService) endQuietlyWithReader();
    finish(await dispatch(invocation), isService);
  } catch (error) {
    finish(report(error, debug), isService);
  }
}

await main();
