/** What con asks of PID 1, through systemctl. Never: interprets a unit name, or waits without bound. */

import { ConError, exit } from "../system/errors.ts";
import { type ExecResult, exec } from "../system/exec.ts";

export interface UnitState {
  readonly active: string;
  readonly sub: string;
}

/** Units that PID 1 has in memory. One that is not among them is read from disk when it starts. */
export type Units = ReadonlyMap<string, UnitState>;

const patterns = [
  "con@*",
  "con-bell@*",
  "con-browser.*",
  "con-expiry.*",
  "con-gateway.*",
  "con-healthcheck.*",
  "con-layer@*",
  "con-sandbox.*",
  "con-steward.*",
  "con-sweep.*",
  "con-schedule@*",
  "con-upkeep.*",
];
/** Far below ARG_MAX, and short enough that one call ends within its time limit. */
const chunkSize = 200;
const chunkTimeoutMs = 120_000;

export async function listUnits(): Promise<Units> {
  const result = await exec(["systemctl", "list-units", "--all", "--output=json", ...patterns]);
  if (result.code !== 0) throw unavailable(result);
  const rows = JSON.parse(result.stdout) as { unit: string; active: string; sub: string }[];
  return new Map(rows.map(({ unit, active, sub }) => [unit, { active, sub }]));
}

export type UnitVerb = "start" | "stop" | "restart" | "try-restart" | "reset-failed";

/** Acts on many units; returns what systemctl said when it was not content. */
export async function onUnits(verb: UnitVerb, units: readonly string[]): Promise<string> {
  let complaints = "";
  for (let from = 0; from < units.length; from += chunkSize) {
    const chunk = units.slice(from, from + chunkSize);
    const result = await exec(["systemctl", verb, "--", ...chunk], { timeoutMs: chunkTimeoutMs });
    if (result.code !== 0) complaints += result.stderr;
  }
  return complaints;
}

export async function reloadUnits(): Promise<void> {
  const result = await exec(["systemctl", "daemon-reload"], { timeoutMs: chunkTimeoutMs });
  if (result.code !== 0) throw unavailable(result);
}

/** Which of these OnCalendar expressions systemd refuses, with its reason. */
export async function refusedCalendars(
  expressions: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  const all = [...new Set(expressions)];
  if (all.length === 0 || (await checkCalendars(all)).code === 0) return refused;
  for (const expression of all) {
    const result = await checkCalendars([expression]);
    if (result.code !== 0) refused.set(expression, result.stderr.trim().split("\n")[0] ?? "");
  }
  return refused;
}

const checkCalendars = (expressions: readonly string[]): Promise<ExecResult> =>
  exec(["systemd-analyze", "calendar", "--", ...expressions]);

function unavailable(result: ExecResult): ConError {
  const why = result.stderr.trim().split("\n")[0] || `exit code ${result.code}`;
  return new ConError(exit.unavailable, "systemd", why, "run this where systemd is PID 1");
}
