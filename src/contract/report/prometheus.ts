/**
 * The report in Prometheus text format 0.0.4, for the textfile collector of node_exporter. Pure.
 *
 * Holds no evidence and no message: numbers, ids and agents' names only.
 */
import { badPrefix } from "../incident/failure.ts";
import type { ReportDocument } from "./document.ts";
import { isFailing } from "./view.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

const severities = ["critical", "high", "medium", "low"] as const;
const actions = ["kill_session", "quarantine", "halt_workers", "halt_agents", "reapply"] as const;

export function prometheusOf(document: ReportDocument): string {
  const { results, incidents, counters } = document;
  const made = results.filter(({ state }) => state !== "skipped");
  const check = ({ contract, check }: { contract: string; check: string }) => ({ contract, check });
  const open = (severity: string) =>
    incidents.filter((one) => one.state === "open" && one.severity === severity).length;
  return [
    family("con_contract_ok", "gauge", "1 where the check passes; skipped checks have none.", [
      ...made.map((one): Sample => {
        return [{ ...check(one), severity: one.severity }, isFailing(one) ? 0 : 1];
      }),
      ...document.bad.map(({ file }): Sample => {
        const contract = `${badPrefix}${file.slice(file.lastIndexOf("/") + 1)}`;
        return [{ contract, check: "usable", severity: "high" }, 0];
      }),
    ]),
    family(
      "con_contract_duration_seconds",
      "gauge",
      "How long the latest run of the check took.",
      made.map((one) => [check(one), one.duration_ms / 1000]),
    ),
    family(
      "con_contract_last_run_timestamp_seconds",
      "gauge",
      "When the check was made or skipped last.",
      results.map((one) => [check(one), seconds(one.at)]),
    ),
    family(
      "con_incidents_open",
      "gauge",
      "Open incidents.",
      severities.map((severity) => [{ severity }, open(severity)]),
    ),
    single("con_healthcheck_last_run_timestamp_seconds", "When it ended.", seconds(document.at)),
    single("con_healthcheck_duration_seconds", "How long it took.", document.duration_ms / 1000),
    family("con_escalations_total", "counter", "Tasks that told agents of incidents.", [
      [{}, counters.escalations],
    ]),
    family(
      "con_actions_total",
      "counter",
      "Requests of contracts to the steward.",
      actions.map((action) => [{ action }, counters.actions[action] ?? 0]),
    ),
    family(
      "con_agent_held",
      "gauge",
      "1 for each agent that may not run.",
      document.held.map(({ agent, kind }) => [{ agent, kind }, 1]),
    ),
  ].join("");
}

const single = (name: string, help: string, value: number): string =>
  family(name, "gauge", help, [[{}, value]]);

function family(
  name: string,
  type: "gauge" | "counter",
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${labelled(labels)} ${value}`);
  return `${[`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n")}\n`;
}

function labelled(labels: Labels): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Backslash, quote and newline are all that the format escapes; half a pair is no UTF-8. */
const escaped = (value: string): string =>
  value.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const seconds = (at: string): number => Date.parse(at) / 1000;
