/**
 * `on_fail`: from what is written, in any of the formats, to what is done. Pure.
 *
 * This is the only place where the words of the older formats are given a meaning.
 */
import type { KeyPath } from "../../config/source.ts";
import type { Action, OnFail } from "../types.ts";
import type { Read } from "./broken.ts";
import type { RawOnFail } from "./raw.ts";

const toSysadmin = "sysadmin";

interface Meaning {
  readonly action: Action;
  /** Who gets a task where the file does not say; null = nobody. */
  readonly escalate: string | null;
}

const meanings: Readonly<Record<string, Meaning>> = {
  alert: { action: "alert", escalate: toSysadmin },
  reapply: { action: "reapply", escalate: toSysadmin },
  kill_session: { action: "kill_session", escalate: toSysadmin },
  quarantine: { action: "quarantine", escalate: toSysadmin },
  halt_workers: { action: "halt_workers", escalate: toSysadmin },
  halt_agents: { action: "halt_agents", escalate: toSysadmin },
  // Words of the older formats.
  escalate: { action: "alert", escalate: toSysadmin },
  fail: { action: "alert", escalate: toSysadmin },
  warn: { action: "alert", escalate: toSysadmin },
  log: { action: "alert", escalate: null },
  halt: { action: "halt_agents", escalate: toSysadmin },
};

const standard: Meaning = { action: "alert", escalate: toSysadmin };

/** `hint` is the message where `on_fail` has none. */
export function readOnFail(
  raw: string | RawOnFail | undefined,
  path: KeyPath,
  hint: string,
): Read<OnFail> {
  const map = typeof raw === "string" ? { action: raw } : (raw ?? {});
  const meaning = map.action === undefined ? standard : (meanings[map.action] ?? standard);
  const value: OnFail = {
    action: meaning.action,
    escalate: receiver(map.escalate, meaning.escalate),
    message: (map.message ?? hint).trim(),
    after: map.after ?? 1,
  };
  if (map.action !== "escalate" || map.escalate !== false) return { value, broken: [] };
  const why = "the action is escalate, and escalate is false";
  const remedy = "write action: alert, or leave escalate: false out";
  return { value, broken: [{ path: [...path, "escalate"], why, remedy }] };
}

function receiver(raw: string | boolean | undefined, otherwise: string | null): string | null {
  if (raw === undefined) return otherwise;
  if (raw === true) return toSysadmin;
  return raw === false ? null : raw;
}

/** What is said of `require_exemption`, which the schema does not list. */
export const exemptions = {
  why: "require_exemption is not taken: an exemption written into the file under test is no safeguard",
  remedy: "write on_fail: alert, or leave the check out",
} as const;
