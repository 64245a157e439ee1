/**
 * The built-in checks that know con itself. `conBuiltins` looks at the installed system; tests make their own
 * with `conChecks`.
 */
import { errnoOf } from "../../../system/disk.ts";
import { ConError } from "../../../system/errors.ts";
import type { BuiltinCheck } from "../../types.ts";
import { clockJump } from "./clock-jump.ts";
import { credentialReadableBy } from "./credentials.ts";
import { escapeAttempt } from "./escape-attempt.ts";
import { gatewayReady } from "./gateway-ready.ts";
import { gitRemotes } from "./git-remotes.ts";
import { budgetLeft, upstreamSuccess } from "./ledger-calls.ts";
import { ledgerIntact } from "./ledger-intact.ts";
import { journalSize, logWritable } from "./logs.ts";
import { memoryWhole } from "./memory-whole.ts";
import { outboxComplete } from "./outbox-complete.ts";
import { installedPlaces, type Places } from "./places.ts";
import { poisonWaiting } from "./poison-waiting.ts";
import { privilegeFree } from "./privilege-free.ts";
import { queueAge } from "./queue-age.ts";
import { runnerStuck } from "./runner-stuck.ts";
import { noSecrets } from "./secrets.ts";
import { BadArgument, unable } from "./verdicts.ts";

const all: Readonly<Record<string, (places: Places) => BuiltinCheck>> = {
  queue_age: queueAge,
  runner_stuck: runnerStuck,
  poison_waiting: poisonWaiting,
  outbox_complete: outboxComplete,
  memory_whole: memoryWhole,
  ledger_intact: ledgerIntact,
  upstream_success: upstreamSuccess,
  budget_left: budgetLeft,
  gateway_ready: gatewayReady,
  clock_jump: clockJump,
  journal_size: journalSize,
  log_writable: logWritable,
  credential_readable_by: credentialReadableBy,
  no_secrets: noSecrets,
  git_remotes: gitRemotes,
  privilege_free: privilegeFree,
  escape_attempt: escapeAttempt,
};

export function conChecks(places: Places): ReadonlyMap<string, BuiltinCheck> {
  return new Map(Object.entries(all).map(([name, make]) => [name, guarded(make(places))]));
}

export const conBuiltins: ReadonlyMap<string, BuiltinCheck> = conChecks(installedPlaces);

/** What a check cannot get at is an error of that check; anything else thrown is a bug and is not hidden. */
function guarded(check: BuiltinCheck): BuiltinCheck {
  return async (args, world) => {
    try {
      return await check(args, world);
    } catch (error) {
      if (error instanceof BadArgument || error instanceof ConError) return unable(error.message);
      const code = errnoOf(error);
      if (code === null) throw error;
      return unable(error instanceof Error ? error.message : code);
    }
  };
}
