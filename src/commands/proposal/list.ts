/** `con proposal list`: what agents proposed, and what came of it. Reads only. Root and group trusted. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { cut, duration, safeJson, safeLine, table } from "../shared/text.ts";
import { allProposals, type Proposal, type ProposalPlaces } from "./look.ts";

const example = `STATE: pending, denied, expired, failed (people agreed, but it could not be made: journalctl CON_CHAIN=steward), made or
rolled back. What was never made is known for 30 days.

Exit code: 0 listed, 69 not installed, 77 you may not look.
Keys of --json: proposals [{id, agent, state, target, why, sha256, tested [text], files [{path, before, after}],
origin {task, call, from, trust, tainted}, asked, approvals [{uid, name, at, why}], landed or null,
ended {at, by, why} or null, rolled_back {by {uid, name}, at, why, request} or null}], damaged [id].

Example:
  con proposal list
  con proposal list --agent scribe --json`;

export async function listProposals(
  argv: readonly string[],
  io: Io,
  places?: ProposalPlaces,
): Promise<number> {
  const command = newCommand("proposal list", "What was proposed, and what came of it.", example)
    .option("--agent <name>", "of this agent only")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, json } = command.opts<{ agent?: string; json?: boolean }>();
  const { proposals, damaged } = allProposals(io, places);
  const all = proposals.filter((one) => agent === undefined || one.agent === agent);
  if (json === true) io.out(safeJson({ proposals: all, damaged }));
  else if (all.length === 0) io.out("nothing was proposed\n");
  else {
    const head = ["ID", "STATE", "AGENT", "TARGET", "STRANGERS", "SINCE", "WHY"];
    io.out(
      table(
        head,
        all.map((one) => row(io, one)),
      ),
    );
  }
  if (json !== true)
    for (const id of damaged) io.err(`con: ${safeLine(id)}: its record is damaged\n`);
  return exit.ok;
}

const row = (io: Io, { id, state, agent, target, origin, asked, why }: Proposal): string[] => [
  ...[id, state, agent, safeLine(target), origin === null ? "-" : origin.tainted ? "YES" : "no"],
  duration(Math.max(0, io.now() - Date.parse(asked))),
  safeLine(cut(why, 80)),
];
