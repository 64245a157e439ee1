/**
 * Keeps what an evaluation leaves: a line in the history, then the state, which says how far the history goes.
 * A disk that refuses becomes a note. After a crash in between: the history is one evaluation ahead.
 */
import { healthState, root } from "../host/paths.ts";
import { type ChainHead, type ChainRecord, openChain } from "../system/chain.ts";
import { errnoOf, nodeDisk } from "../system/disk.ts";
import { type Happened, historyOf } from "./history.ts";
import { reportMode, reportPaths } from "./report/write.ts";
import { type HealthState, writeState } from "./state.ts";

export const statePath = `${healthState}/state.json`;

/** Whether the state can be written now: what is done and not remembered would be done again. */
export const remembers = (state: HealthState, notes: string[]): boolean =>
  kept("this evaluation", notes, () => writeState(nodeDisk, statePath, state));

/** Each of the two on its own: without a history the state still says what was done. Returns its new lines. */
export function remember(
  state: HealthState,
  happened: Happened,
  notes: string[],
): readonly ChainRecord[] {
  let lines: readonly ChainRecord[] = [];
  let end: Pick<HealthState, "historyHead" | "summary"> = state;
  kept("the history", notes, () => {
    const { records, summary } = historyOf(happened, state.summary);
    end = {
      historyHead: records.length === 0 ? state.historyHead : appended(records, state),
      summary,
    };
    lines = records;
  });
  remembers({ ...state, ...end }, notes);
  return lines;
}

function kept(what: string, notes: string[], write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    notes.push(`${what} could not be kept: ${code}`);
    return false;
  }
}

function appended(
  records: ReturnType<typeof historyOf>["records"],
  { historyHead }: HealthState,
): ChainHead {
  const { history } = reportPaths(root);
  const chain = openChain(nodeDisk, history, reportMode, { expect: historyHead });
  try {
    return chain.append(records);
  } finally {
    chain.close();
  }
}
