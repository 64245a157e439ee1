/** What only grows: the journal of a task, and the audit trail's chain. What was acknowledged is there, once. */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { openJournal } from "../../../src/runner/journal-file.ts";
import { lastRecords, openChain, verifyChain } from "../../../src/system/chain.ts";
import { CutDisk } from "../support/cut-disk.ts";
import type { Story, Subject } from "../support/matrix.ts";

const count = 5;

/** `append` is done when it returns; `read` gives back the numbers that are there. */
function growing(
  disk: CutDisk,
  append: (n: number) => void,
  read: () => readonly number[],
): Subject {
  let acknowledged = 0;
  /** Goes on behind what is there, as a run that is resumed does. */
  const goOn = (): void => {
    for (let n = Math.max(0, ...read()) + 1; n <= count; n += 1) {
      append(n);
      acknowledged = n;
    }
  };
  return {
    arm: (way, at) => disk.arm(way, at),
    restart: () => disk.restart(),
    act: goOn,
    recover: () => {
      const there = read();
      ok(there.length >= acknowledged, `${acknowledged} were acknowledged, there are ${there}`);
      goOn();
    },
    check: () => deepStrictEqual(read(), [1, 2, 3, 4, 5]),
    count: () => ({ changes: disk.calls, ops: disk.ops }),
  };
}

const lineOf = (n: number): JournalLine =>
  ({ v: 1, kind: "final", at: "2027-01-05T12:00:00Z", n, text: "word ".repeat(30) }) as never;

export const journal: Story = () => {
  const disk = new CutDisk(["/j"]);
  const id = "01890a5d-ac96-774b-bcce-b302099a8057";
  const using = <T>(use: (open: Extract<ReturnType<typeof openJournal>, { ok: true }>) => T): T => {
    const opened = openJournal(disk.disk(), "/j", id);
    if (!opened.ok) throw new Error(opened.why);
    try {
      return use(opened);
    } finally {
      opened.close();
    }
  };
  const append = (n: number): void => using(({ writer }) => writer.append([lineOf(n)]));
  const read = () => using(({ lines }) => lines.map((line) => (line as never as { n: number }).n));
  return growing(disk, append, read);
};

export const chain: Story = () => {
  const disk = new CutDisk(["/c"]);
  const path = "/c/actions.jsonl";
  const append = (n: number): void => {
    const open = openChain(disk.disk(), path, 0o640);
    try {
      open.append([{ kind: "step", n, text: "word ".repeat(30) }]);
    } finally {
      open.close();
    }
  };
  const read = (): number[] => {
    if (disk.text(path) === null) return [];
    const links = lastRecords(disk.disk(), [path], 100);
    return links.flatMap((link) => (typeof link?.record["n"] === "number" ? link.record["n"] : []));
  };
  const subject = growing(disk, append, read);
  return {
    ...subject,
    check: (context) => {
      subject.check(context);
      ok(verifyChain(disk.disk(), [path]).ok, "the chain is broken");
    },
  };
};
