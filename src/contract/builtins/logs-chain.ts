/**
 * `logs_chain`: history of contracts and log of the steward's acts are as they were written.
 *
 * The history's end is known from the state, so that cut lines are missed too. Never: shows a line.
 */
import { join } from "node:path";
import { audit, reports } from "../../host/paths.ts";
import { type ChainHead, chainFiles, verifyChain } from "../../system/chain.ts";
import { type Disk, nodeDisk } from "../../system/disk.ts";
import type { BuiltinCheck } from "../types.ts";

export interface LogPlaces {
  readonly history: string;
  readonly actions: string;
}

const installed: LogPlaces = {
  history: join(reports, "history.jsonl"),
  actions: join(audit, "actions.jsonl"),
};

/** `head`: how far the history went when it was written last. */
export const logsChain =
  (head: ChainHead | null, places: LogPlaces = installed, disk: Disk = nodeDisk): BuiltinCheck =>
  async () => {
    const all = [
      { path: places.history, expect: head },
      { path: places.actions, expect: null },
    ];
    let lines = 0;
    for (const { path, expect } of all) {
      const checked = verifyChain(disk, chainFiles(disk, path), expect);
      if (!checked.ok)
        return {
          state: "fail",
          found: `${checked.file}, line ${checked.line}: ${checked.why}`,
          key: `${checked.file}:${checked.line}`,
          remedy: "con contract history --verify",
          agents: [],
        };
      lines += checked.head.seq;
    }
    return { state: "pass", found: `${lines} lines, none changed` };
  };
