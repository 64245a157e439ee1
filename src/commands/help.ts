/** `con help [VERB]`, `con --help`, `con --version`. Prints only. */
import { exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { version } from "./shared/version.ts";

const overview = `con: an agent operating system made of ordinary Linux parts

Usage: con [--debug] [--root DIR] COMMAND [ARGUMENT...]

Tasks
  task         give an agent a task, and wait for the answer if you like
  show         one task: its record and its answer
  trace        one task step by step: model calls, tool calls, results
  cancel       stop a task that is not finished
  retry        run a failed or deferred task again now
  responses    the latest answers
  mcp          the same for editors and other programs, as an MCP server

System
  status       how the system and its agents are
  top          the same as a table that refreshes, who does most on top
  logs         what agents and gateway wrote to the journal
  agent        list, show, pause, resume, kill and quarantine agents
  approvals    what waits for a person: list, show, approve, deny
  proposal     changes that agents proposed of themselves: list, show, rollback
  memory       what an agent remembers: search, show, forget, restore, threads
  skill        what agents work by: list, show, add, remove skills
  tool         tools that agents had made: list, show, test, roll back, remove, unshare
  package      packages that such tools may use: list, add, remove
  halt         stop all workers or all agents
  resume       end what con halt began
  model        list, test and choose models
  credential   set, list and remove provider keys
  contract     what is watched: list, show, check, report, history
  healthcheck  evaluate the contracts that are due (root)
  doctor       what is wrong with this machine or this installation, and the remedy

Administration (root)
  bootstrap    compile the configuration and apply what differs
  verify       show what differs between configuration and machine
  reapply      bring back what drifted

Development
  dev          the same system in one directory, without root, systemd or isolation

Started by units: run, gateway, browser, sweep, schedule, steward, upkeep, canary
Started by con inside a sandbox: data, loopback

Global options, before the command:
  --root DIR   use the directory of con dev (or set CON_ROOT)
  --debug      print a stack trace with an error
  --version    print the version

Exit codes: 0 ok, 1 the answer is no, 64 usage, 65 bad input, 69 unavailable, 70 a bug in con,
73 cannot create, 75 try later, 77 permission, 78 configuration.

Example:
  con task --wait "What agents are running?"
  con help task
`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  io.out(argv[0] === "--version" ? `con ${version}\n` : overview);
  return exit.ok;
}
