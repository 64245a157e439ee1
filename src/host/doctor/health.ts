/** What the contracts said last, and whether they are still asked. Never: believes more than numbers of it. */
import { join } from "node:path";
import { type JsonObject, jsonOrNull } from "../../system/json.ts";
import { readIfThere } from "../machine.ts";
import * as paths from "../paths.ts";
import { bad, type Finding, fine } from "./check.ts";

const name = "contracts";
const run = "con healthcheck --all";
/** A timer may be late; three missed evaluations are no accident. */
const missed = 3;

export function checkHealth(
  now: number = Date.now(),
  file: string = join(paths.reports, "latest.json"),
): Finding {
  const text = readIfThere(file);
  const timer = "systemctl start con-healthcheck.timer; journalctl -u con-healthcheck.service";
  if (text === null) return bad(name, "not evaluated yet", run, "medium");
  const report = parse(text);
  if (report === null) return bad(name, `${file} is damaged`, run, "medium");
  const age = Math.round((now - report.at) / 1000);
  const { pass, fail, skipped } = report;
  const counts = `${fail} of ${pass + fail + skipped} checks fail, as of ${age} s ago`;
  if (age > missed * report.interval + 60)
    return bad(name, `${counts}: the evaluation is overdue`, timer, "high");
  if (report.ok && fail === 0) return fine(name, counts);
  return bad(name, fail === 0 ? "a contract file cannot be used" : counts, "con contract report");
}

interface Latest {
  readonly at: number;
  readonly interval: number;
  readonly ok: boolean;
  readonly pass: number;
  readonly fail: number;
  readonly skipped: number;
}

/** Keys as in contract/report/document.ts; a check that could not be made counts as failing. */
function parse(text: string): Latest | null {
  const value = (jsonOrNull(text) ?? {}) as JsonObject;
  const counts = (value["counts"] ?? {}) as JsonObject;
  const number = (key: string): number => (typeof counts[key] === "number" ? counts[key] : 0);
  const at = Date.parse(String(value["at"]));
  if (Number.isNaN(at)) return null;
  const { interval_seconds: interval, ok } = value;
  return {
    at,
    interval: typeof interval === "number" ? interval : 60,
    ok: ok === true,
    pass: number("pass"),
    fail: number("fail") + number("error"),
    skipped: number("skipped"),
  };
}
