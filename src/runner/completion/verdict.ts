/** What a check came to, in few words that are safe to show. Pure. */
import { safeText } from "../../sandbox/output.ts";
import type { CheckResult } from "../../task/done-when/types.ts";

export type Made = Omit<CheckResult, "name">;

/** Characters of one check's words. */
const maxFound = 1000;

const made = (state: CheckResult["state"], found: string): Made => {
  const safe = safeText(Buffer.from(found));
  const cut = safe.length > maxFound ? `${safe.slice(0, maxFound).toWellFormed()}…` : safe;
  return { state, found: cut };
};

export const passed = (found: string): Made => made("pass", found);
export const failed = (found: string): Made => made("fail", found);
/** It could not be made, so nobody knows; it does not count as passed. */
export const notMade = (why: string): Made => made("error", why);

export const verdict = (holds: boolean, found: string): Made =>
  holds ? passed(found) : failed(found);
