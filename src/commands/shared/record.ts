/** `outbox/ID.json` as a value. Written by an agent's runner, so nothing in it is believed. Pure. */

import { isObject, type JsonObject, jsonOrNull } from "../../system/json.ts";
import type { CheckResult } from "../../task/done-when/types.ts";
import type { Status, TaskRecord } from "../../task/task.ts";

/** The record, or null when the text is not one. Unknown keys are dropped. */
export function decodeRecord(text: string): TaskRecord | null {
  const value = jsonOrNull(text);
  if (!isObject(value)) return null;
  const status = value["status"];
  if (status !== "done" && status !== "failed" && status !== "cancelled") return null;
  if (typeof value["id"] !== "string" || typeof value["agent"] !== "string") return null;
  const from = fields(value["from"]);
  const tokens = fields(value["tokens"]);
  return {
    id: value["id"],
    agent: value["agent"],
    status: status satisfies Status,
    from: { uid: number(from["uid"], -1), name: string(from["name"]) ?? "?" },
    trust: value["trust"] === "verified" ? "verified" : "unverified",
    attempts: number(value["attempts"], 0),
    received_at: string(value["received_at"]) ?? "",
    started_at: string(value["started_at"]) ?? "",
    finished_at: string(value["finished_at"]) ?? "",
    model: string(value["model"]),
    steps: number(value["steps"], 0),
    tokens: { input: number(tokens["input"], 0), output: number(tokens["output"], 0) },
    cost_usd: number(value["cost_usd"], 0),
    error: string(value["error"]),
    children: strings(value["children"]),
    thread: string(value["thread"]),
    checks: Array.isArray(value["checks"]) ? value["checks"].map(checkResult) : null,
  };
}

const fields = (value: unknown): JsonObject => (isObject(value) ? value : {});

const number = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;

const string = (value: unknown): string | null => (typeof value === "string" ? value : null);

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** What is no known state is none that one may rely on. */
function checkResult(value: unknown): CheckResult {
  const { name, state, found } = fields(value);
  return {
    name: string(name) ?? "?",
    state: state === "pass" || state === "fail" ? state : "error",
    found: string(found) ?? "",
  };
}
