/**
 * Every operation of con that changes the disk, and how it is cut. A source file that uses one of the durable doors
 * stands in a row here, or table.test.ts fails.
 */
import { apply, archiveKeeps, archiveTakes } from "./rows/files.ts";
import { forge } from "./rows/forge.ts";
import { chain, journal } from "./rows/journals.ts";
import { life } from "./rows/mail.ts";
import { create, remove, replace, together } from "./rows/single.ts";
import type { Story } from "./support/matrix.ts";
import { type Way, ways } from "./support/ways.ts";

interface Common {
  readonly operation: string;
  /** Below src/, without `.ts`. */
  readonly sources: readonly string[];
}

export interface Row extends Common {
  readonly story: Story;
  readonly ways: readonly Way[];
}

/** Cut by a test of its own, in ways of its own. */
export interface Elsewhere extends Common {
  readonly test: string;
  readonly how: string;
}

/** Without power cuts: the code works on the real file system, which cannot be made to forget. */
const onRealFiles = ways.filter(({ kind }) => kind !== "power");

const spool = (...names: readonly string[]) => names.map((name) => `spool/${name}`);
const row = (operation: string, story: Story, sources: readonly string[], how = ways): Row => ({
  ...{ operation, story, sources, ways: how },
});

const queue = spool(
  ..."attempts control deliver held move notes question queued recover".split(" "),
);
const answers = spool("sent", "settle");
const whole: readonly string[] = [
  ..."commands/credential/store commands/dev/seed commands/model/use commands/skill/store".split(
    " ",
  ),
  ..."contract/cache contract/outcomes contract/remember contract/state host/accepted".split(" "),
  ..."host/children/reach host/layers/lay host/owed host/snapshot runner/audit/kept".split(" "),
  ..."runner/goals runner/memory/embedder runner/memory/index-file runner/memory/marks".split(" "),
  ..."runner/plans runner/retention/last-run runner/uses spool/forgotten".split(" "),
  ..."tools/forge/uses tools/mcp/memo steward/answer steward/ask".split(" "),
];

export const rows: readonly Row[] = [
  row("deliver, claim, hold, wake by an answer, settle", life("answered"), [...queue, ...answers]),
  row("hold, and a person's word", life("decided"), queue),
  row("hold, and its time ends", life("timed out"), queue),
  row("hold, and release", life("released"), queue),
  row("hold, and cancel", life("cancelled"), queue),
  row("hold, and the task's deadline", life("expired"), queue),
  row("append to a journal", journal, ["runner/journal-file"]),
  row("append to the audit trail", chain, ["gateway/audit", "commands/steward"]),
  row("replace a file of state", replace, whole),
  row("make a file of state once", create, whole),
  row("take a file of state away", remove, whole),
  row("publish an answer and its record", together, spool("settle", "question")),
  row("register a forged tool", forge("register"), [
    "tools/forge/registry",
    "tools/forge/version-files",
  ]),
  row("roll a forged tool back", forge("roll back"), ["tools/forge/registry"]),
  row("remove a forged tool", forge("remove"), ["tools/forge/registry"]),
  row("make what bootstrap promised", apply, ["host/prepare", "host/retire"], onRealFiles),
  row("archive what is written over", archiveKeeps, ["tools/files/archive"], onRealFiles),
  row("archive what is deleted", archiveTakes, ["tools/files/archive"], onRealFiles),
];

const elsewhere = (operation: string, sources: string, test: string, how: string): Elsewhere => ({
  ...{ operation, test, how, sources: sources.split(" ") },
});

export const others: readonly Elsewhere[] = [
  elsewhere("defer", "spool/defer", "spool/crash", "killed, power lost, full"),
  elsewhere("retention", "spool/forgotten", "runner/retention/crash", "killed, power lost"),
  elsewhere("hold and halt agents", "steward/hold", "steward/crash", "killed, full"),
  elsewhere("commission, amend, retire", "steward/change", "steward/commission", "killed"),
  elsewhere(
    "propose and roll back",
    "steward/change steward/proposals/record",
    "steward/propose",
    "killed",
  ),
  elsewhere(
    "spawn and end temporary agents",
    "steward/children/store steward/children/uids",
    "steward/spawn-crash",
    "killed",
  ),
  elsewhere("approve", "steward/approvals/store", "steward/approvals-flow", "killed"),
  elsewhere("share a memory", "steward/verbs/share-turn", "steward/share", "its own"),
  elsewhere(
    "install a layer",
    "steward/layers/orders steward/layers/failures",
    "steward/fetching",
    "killed, full",
  ),
  elsewhere("remove a layer", "steward/verbs/remove-layer", "steward/install-layer", "killed"),
  elsewhere("memories", "memory/store", "memory/crash", "killed, full; SQLite's own journal"),
];
