/** A failing result as an incident tells it: bounded, and the same words for the same trouble. Pure. */
import { namePattern } from "../../config/grammar.ts";
import type { BadContract, Incident, Result } from "../types.ts";
import { bounded } from "./bounded-key.ts";

export interface Failure {
  readonly key: string;
  readonly evidence: string;
  /** What mends it, where the check knows; empty otherwise. */
  readonly remedy: string;
  readonly agents: readonly string[];
}

const maxKey = 300;
const maxEvidence = 2000;

/** Null where the result is no failure. */
export function failureOf(result: Result): Failure | null {
  const { verdict } = result;
  const own = result.agent === null ? [] : [result.agent];
  if (verdict.state === "error") {
    const key = bounded(`error: ${verdict.why.replace(/\d+/g, "#")}`, maxKey);
    return { key, evidence: verdict.why.slice(0, maxEvidence), remedy: "", agents: own };
  }
  if (verdict.state !== "fail") return null;
  // Names go into commands that a person is told to type.
  const named = [...new Set(verdict.agents)].filter((name) => namePattern.test(name)).sort();
  return {
    key: bounded(verdict.key, maxKey),
    evidence: verdict.found.slice(0, maxEvidence),
    remedy: (verdict.remedy ?? "").slice(0, maxEvidence),
    agents: named.length === 0 ? own : named,
  };
}

/** What a result and its incident have in common. */
export const checkKey = (of: Pick<Incident, "contract" | "check">): string =>
  `${of.contract}\n${of.check}`;

/** Contract id under which an unusable file fails; no contract's own id begins so. */
export const badPrefix = "file:";

/** Each unusable file as a failing result, so that it is told like all other trouble. */
export function badResults(bad: readonly BadContract[], now: number): Result[] {
  return bad.map(({ file, problems }) => ({
    contract: `${badPrefix}${file.slice(file.lastIndexOf("/") + 1)}`,
    check: "usable",
    severity: "high",
    verdict: {
      state: "fail",
      found: problems
        .slice(0, 10)
        .map(({ line, column, key, why }) => `line ${line}:${column}: ${key}: ${why}`)
        .join("\n"),
      key: problems.map(({ key, why }) => `${key}: ${why}`).join("\n"),
      remedy: `con contract check ${file}`,
      agents: [],
    },
    at: now,
    durationMs: 0,
    onFail: {
      action: "alert",
      escalate: "sysadmin",
      message: "This contract file cannot be used, so nothing that it watches is watched.",
      after: 1,
    },
    agent: null,
  }));
}
