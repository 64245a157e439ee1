/**
 * `con logs [NAME]`: what the units wrote to the journal; with `--audit`, what agents did; with `--verify`,
 * whether anybody changed what is on record.
 */
import { ConError, exit } from "../system/errors.ts";
import { showAudit } from "./logs/audit.ts";
import { type Attach, attachProgram, journalArguments, verdict } from "./logs/journal.ts";
import { verifyLogs } from "./logs/verify.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse, wholeNumber } from "./shared/parse.ts";
import { loadSystem } from "./shared/system.ts";

export { type Attach, journalArguments } from "./logs/journal.ts";

const example = `Without NAME: all units of con, the gateway included.

--audit shows the latest of what agents did: tasks, model calls, tool calls, denials. Who acted is the user
that the kernel named. The same lines are in the journal, with those of the steward and of incidents, by field:
CON_TASK, CON_AGENT, CON_AUDIT (the kind), CON_UID, CON_REQUEST, CON_VERB, CON_INCIDENT, CON_CONTRACT, CON_CHAIN
(agents, steward or contracts). Anybody may write such fields, so name the unit that wrote them as well:
journalctl -t con-audit _SYSTEMD_UNIT=con-gateway.service (or con-steward, con-healthcheck).

--verify reads the records that are hash chains from their first lines: what agents did, what the steward did, what
contracts found. Edits, removals and another order are found. Whether lines were cut off at the end only root
can see, because only root may read where they should end.

Exit code of --verify: 0, 1 when one is broken, 77 when one may not be read.
Keys of --json: with --audit, events [{seq, kind, at, agent, uid, task, …}]; with --verify, verify [{chain, ok,
files, records, torn, end_checked, file, line, why}].

Example:
  con logs -n 50 concierge
  con logs -f
  con logs --audit -n 100 concierge
  sudo con logs --verify`;

interface Options {
  readonly follow?: boolean;
  readonly number: number;
  readonly audit?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

export async function run(
  argv: string[],
  io: Io = processIo(),
  attach: Attach = attachProgram,
  statePath?: string,
): Promise<number> {
  const command = newCommand("logs", "Show the log of an agent, or of all.", example)
    .argument("[name]", "an agent")
    .option("-f, --follow", "go on with new lines until stopped")
    .option("-n, --number <n>", "how many lines", wholeNumber("--number", 0), 20)
    .option("--audit", "show what agents did")
    .option("--verify", "check the records that are hash chains")
    .option("--json", "print JSON, with --audit or --verify");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<Options>();
  refuseMixed(options);
  const system = loadSystem(io.env);
  const { root } = system.runtime;
  const [name] = command.args;
  const { json = false, number } = options;
  if (options.verify === true) return verifyLogs(root, io, json, statePath);
  // What removed agents did stays on record.
  if (options.audit === true) return showAudit(root, io, { agent: name ?? null, number, json });
  const agent = name === undefined ? null : knownAgent(system.runtime, name).name;
  if (system.dev)
    throw new ConError(
      exit.unavailable,
      "logs",
      "con dev keeps no journal",
      "look at the terminal where con dev runs, or see con logs --audit",
    );
  const code = await attach(journalArguments(agent, number, options.follow ?? false));
  return verdict(code, io.uid);
}

function refuseMixed({ audit, verify, json, follow }: Options): void {
  const usage = (why: string, remedy: string) => new ConError(exit.usage, "logs", why, remedy);
  if (audit && verify) throw usage("--audit and --verify are two things", "give one of them");
  if (json && !audit && !verify)
    throw usage("--json goes with --audit or --verify", "use journalctl -o json for the journal");
  if (follow && (audit || verify))
    throw usage(
      "--follow shows the journal",
      "use journalctl -f -t con-audit _SYSTEMD_UNIT=con-gateway.service",
    );
}
