/** Whether JSON from a file is an incident or a result that code may rely on. Pure. */
import type { Action, Incident, OnFail, Result, Severity } from "../types.ts";

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === "string";
const isNumber: Test = (value) => Number.isFinite(value);
const isCount: Test = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const oneOf =
  <T extends string>(...values: readonly T[]): Test =>
  (value) =>
    values.some((one) => one === value);

export const listOf = (value: unknown, test: Test): boolean =>
  Array.isArray(value) && value.every(test);

const texts: Test = (value) => listOf(value, isText);

export const isRecordOf = (value: unknown, test: Test): boolean =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(test);

/** True when `value` has every key of `tests`, each as its test wants it. */
function has<T>(value: unknown, tests: { readonly [Key in keyof T]-?: Test }): boolean {
  if (!isRecordOf(value, () => true)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries<Test>(tests).every(([key, test]) => test(fields[key]));
}

const isSeverity = oneOf<Severity>("critical", "high", "medium", "low");
const isAction = oneOf<Action>(
  "alert",
  "reapply",
  "kill_session",
  "quarantine",
  "halt_workers",
  "halt_agents",
);

const isOnFail: Test = (value) =>
  has<OnFail>(value, {
    action: isAction,
    escalate: orNull(isText),
    message: isText,
    after: isCount,
  });

const isVerdict: Test = (value) => {
  switch ((value as { readonly state?: unknown } | null)?.state) {
    case "pass":
      return has(value, { found: isText });
    case "fail":
      return has(value, { found: isText, key: isText, remedy: orNull(isText), agents: texts });
    case "error":
    case "skipped":
      return has(value, { why: isText });
    default:
      return false;
  }
};

export const isResult = (value: unknown): value is Result =>
  has<Result>(value, {
    contract: isText,
    check: isText,
    severity: isSeverity,
    verdict: isVerdict,
    at: isNumber,
    durationMs: isNumber,
    onFail: isOnFail,
    agent: orNull(isText),
  });

const isActionTaken: Test = (value) =>
  has<Incident["actions"][number]>(value, {
    at: isNumber,
    action: isAction,
    agents: texts,
    request: orNull(isText),
    key: isText,
  });

export const isIncident = (value: unknown): value is Incident =>
  has<Incident>(value, {
    id: isText,
    contract: isText,
    check: isText,
    severity: isSeverity,
    state: oneOf<Incident["state"]>("pending", "open", "closed"),
    firstSeen: isNumber,
    lastSeen: isNumber,
    openedAt: orNull(isNumber),
    closedAt: orNull(isNumber),
    closedWhy: orNull(isText),
    closureTold: (told) => typeof told === "boolean",
    count: isCount,
    streak: isCount,
    reopened: isCount,
    onFail: isOnFail,
    key: isText,
    unmade: (unmade) => typeof unmade === "boolean",
    evidence: isText,
    remedy: isText,
    agents: texts,
    escalations: isCount,
    lastEscalatedAt: orNull(isNumber),
    escalatedKey: orNull(isText),
    actions: (actions) => listOf(actions, isActionTaken),
  });

export const isHead = (value: unknown): boolean =>
  has<{ seq: number; hash: string }>(value, {
    seq: isCount,
    hash: (hash) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash),
  });
