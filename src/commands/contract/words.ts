/** A contract in words. Pure; everything in it is made safe for a terminal here. */
import type { Check, Contract, OnFail, Probe, SkipIf } from "../../contract/types.ts";
import { duration, safeLine, safeText } from "../shared/text.ts";

export type Row = readonly [string, string];

/** Lines stay lines; whoever prints them indents. */
const block = (text: string): string => safeText(text.trim()).trimEnd();

export function contractRows(contract: Contract): Row[] {
  const { mechanism, enforcement, agent, tags, dependsOn, skipIf } = contract;
  const some = (name: string, words: readonly string[]): Row[] =>
    words.length === 0 ? [] : [[name, safeLine(words.join(", "))]];
  return [
    ["description", safeLine(contract.description)],
    ["severity", contract.severity],
    ["type", contract.type],
    ...(mechanism === null ? [] : [["prevented by", block(mechanism)] as const]),
    ...(enforcement === null ? [] : [["put there by", block(enforcement)] as const]),
    ["about", agent === null ? "the system" : `agent ${agent}`],
    ["evaluated", evaluated(contract)],
    ...some("waits for", dependsOn),
    ...some("skipped if", skipIf.map(skipWords)),
    ...some("tags", tags),
    ["file", safeLine(contract.file)],
  ];
}

function evaluated({ manual, everySeconds }: Contract): string {
  if (manual) return "only when a person asks";
  return everySeconds === null
    ? "at each run of the timer"
    : `every ${duration(everySeconds * 1000)}`;
}

function skipWords(skip: SkipIf): string {
  switch (skip.kind) {
    case "command_not_available":
      return `there is no command ${skip.value}`;
    case "env_var_unset":
      return `${skip.value} is not set`;
    case "path_not_exists":
      return `there is no ${skip.value}`;
    case "not_in_ci":
      return "this is no CI";
  }
}

export function checkRows(check: Check): Row[] {
  const skipIf = check.skipIf ?? [];
  return [
    ...probeRows(check.probe),
    ["at most", duration(check.timeoutSeconds * 1000)],
    ...(check.severity === undefined ? [] : [["severity", check.severity] as const]),
    ...(skipIf.length === 0
      ? []
      : [["skipped if", safeLine(skipIf.map(skipWords).join(", "))] as const]),
    ["if it fails", failWords(check.onFail)],
    ...(check.onFail.message === "" ? [] : [["message", block(check.onFail.message)] as const]),
  ];
}

function failWords({ action, escalate, after }: OnFail): string {
  const times = after === 1 ? "" : `the ${after}th time in a row: `;
  return `${times}${action}, ${escalate === null ? "no task for anybody" : `a task for ${escalate}`}`;
}

function probeRows(probe: Probe): Row[] {
  switch (probe.kind) {
    case "builtin":
      return [["looks at", safeLine([probe.name, argumentWords(probe.with)].join(" ").trim())]];
    case "script":
      return [[`runs as ${probe.user}`, block(probe.path ?? probe.inline ?? "")]];
    case "command":
      return [[`runs as ${probe.user}`, block(probe.run)], ...passRows(probe)];
  }
}

function passRows(probe: Extract<Probe, { kind: "command" }>): Row[] {
  const all: string[] = [];
  if (probe.exitCode !== null) all.push(`it exits with ${probe.exitCode}`);
  if (probe.test !== null) all.push(probe.test);
  if (probe.outputMatches !== null) all.push(`it prints what matches ${probe.outputMatches}`);
  return [["passes if", block(all.join(", and ") || "it exits with 0")]];
}

const argumentWords = (args: Readonly<Record<string, unknown>>): string =>
  Object.entries(args)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
