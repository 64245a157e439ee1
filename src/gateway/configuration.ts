/**
 * The compiled configuration as it is now: looked at before each request with one stat(2), and read again when
 * the file is another. Calls under way keep the one they began with.
 *
 * What belongs to the start stays as it was until the next one: the socket, the keys that systemd loaded,
 * where ledger and audit trail lie. Never: throws once it is open, or gives out a file that is damaged: the
 * one before holds, and the log says so once for each such file.
 */
import fs from "node:fs";
import type { GatewayRuntime } from "../config/runtime.ts";
import { reasonOf } from "../system/errors.ts";
import type { Log } from "../system/log.ts";

export interface Followed {
  readonly path: string;
  /** Reads the file. Throws when it is none of ours. */
  readonly read: () => GatewayRuntime;
  readonly log: Log;
}

/** Throws when there is none to begin with. */
export function followConfiguration({ path, read, log }: Followed): () => GatewayRuntime {
  let print = printOf(path);
  let current = whole(read());
  let complained: string | null = null;
  return () => {
    // Before it is read: what comes in between is seen at the next request.
    let now: string | null = null;
    try {
      now = printOf(path);
      if (now === print) return current;
      current = whole(read());
      print = now;
      complained = null;
      log.info("the configuration changed", { path });
    } catch (error) {
      const what = now ?? "nothing";
      if (what !== complained) log.error(stale, { path, why: reasonOf(error), remedy });
      complained = what;
    }
    return current;
  };
}

const stale = "the new configuration cannot be used: the one before holds";
const remedy = "run con bootstrap as root";

function printOf(path: string): string {
  const { ino, mtimeNs, ctimeNs, size } = fs.statSync(path, { bigint: true });
  return `${ino} ${mtimeNs} ${ctimeNs} ${size}`;
}

/** It was written whole by root, or it is not used. */
function whole(runtime: GatewayRuntime): GatewayRuntime {
  const { providers, models, budget, callers, maxConcurrent } = runtime;
  const maps: readonly unknown[] = [providers, models, budget];
  const isWhole =
    maps.every((one) => typeof one === "object" && one !== null) &&
    Number.isSafeInteger(maxConcurrent) &&
    Array.isArray(callers) &&
    callers.every(({ uid, models: own, budget: of }) => uid >= 0 && Array.isArray(own) && of);
  if (!isWhole) throw new Error("parts of it are missing");
  return runtime;
}
