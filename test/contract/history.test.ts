import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { run } from "../../src/commands/contract/history.ts";
import { type Happened, historyLine, historyOf } from "../../src/contract/history.ts";
import { emptyState, writeState } from "../../src/contract/state.ts";
import { type ChainRecord, openChain } from "../../src/system/chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { failure, makeIo, makeSystem } from "../commands/support.ts";
import { hour, incidentOf, minute, start } from "./incident-support.ts";

const quiet: Happened = {
  evaluation: "e1",
  at: start,
  durationMs: 12.6,
  counts: { pass: 3, fail: 0, error: 0, skipped: 1 },
  failing: [],
  bad: [],
  notes: [],
  advance: { opened: [], reopened: [], changed: [], closed: [] },
  delivery: { sent: [] },
  actions: [],
};

describe("what is written down", () => {
  test("is one line an hour while nothing is different", () => {
    let summary = null;
    const written: number[] = [];
    for (let n = 0; n < 24 * 60; n += 1) {
      const { records, summary: next } = historyOf({ ...quiet, at: start + n * minute }, summary);
      summary = next;
      written.push(...records.map(() => n));
    }
    expect(written).toEqual(Array.from({ length: 24 }, (_, index) => index * 60));
  });

  test("is a line at once when something else fails, or the clock was set back", () => {
    const { summary } = historyOf(quiet, null);
    expect(historyOf(quiet, summary).records).toEqual([]);
    expect(historyOf({ ...quiet, failing: ["A/check"] }, summary).records).toHaveLength(1);
    expect(historyOf({ ...quiet, at: start - 10 * hour }, summary).records).toHaveLength(1);
  });

  const incident = incidentOf({ agents: ["worker"] });
  const closed = incidentOf({ state: "closed", closedAt: start, closedWhy: "the check passes" });
  const taken = {
    at: start,
    action: "quarantine",
    agents: ["worker"],
    request: "r1",
    key: "full",
  } as const;
  const busy: Happened = {
    ...quiet,
    failing: ["A/check"],
    notes: ["the state was damaged"],
    advance: { opened: [incident], reopened: [incident], changed: [incident], closed: [closed] },
    delivery: {
      sent: [
        {
          to: "admin",
          task: "health-1",
          escalations: [{ incident, to: "sysadmin", why: "opened" }],
        },
      ],
    },
    actions: [{ incident, taken }],
  };

  test("is a line for each thing that happened to an incident", () => {
    const { records } = historyOf(busy, null);
    expect(records.map(({ kind }) => kind)).toEqual([
      "opened",
      "reopened",
      "changed",
      "action",
      "escalated",
      "closed",
      "evaluation",
    ]);
    expect(records.map(historyLine)).toEqual([
      "2027-01-01T00:00:00Z opened A: check (high): it is full",
      "2027-01-01T00:00:00Z reopened A: check (high): it is full",
      "2027-01-01T00:00:00Z changed A: check (high): it is full",
      "2027-01-01T00:00:00Z action A: check (high): quarantine of worker",
      "2027-01-01T00:00:00Z escalated A: check (high): to admin, task health-1",
      "2027-01-01T00:00:00Z closed A: check (high): the check passes",
      "2027-01-01T00:00:00Z evaluated: 3 pass, 0 fail, 0 error, 1 skipped; failing: A/check; note: the state was damaged",
    ]);
  });

  test("has bounded lines, whatever fails", () => {
    const long = "x".repeat(1_000_000);
    const failing = Array.from({ length: 1000 }, (_, n) => `A${n}/check`);
    const opened = [incidentOf({ evidence: long, key: "k" })];
    const { records } = historyOf(
      { ...quiet, failing, notes: [long], advance: { ...quiet.advance, opened } },
      null,
    );
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(5000);
  });

  test("reads any record, also of kinds that come later", () => {
    const strange: ChainRecord[] = [
      {},
      { kind: "x" },
      { kind: "opened" },
      { kind: "evaluation", failing: 3 },
    ];
    for (const record of strange) expect(historyLine(record)).not.toContain("undefined");
  });
});

describe("con contract history", () => {
  function bed(records: readonly ChainRecord[]) {
    const system = makeSystem();
    mkdirSync(join(system.root, "logs/contracts"), { recursive: true });
    const path = join(system.root, "logs/contracts/history.jsonl");
    const own = mkdtempSync(join(tmpdir(), "con-history-"));
    onTestFinished(() => rmSync(own, { recursive: true, force: true }));
    const statePath = join(own, "state.json");
    if (records.length > 0) {
      const chain = openChain(nodeDisk, path, 0o640);
      for (const record of records) chain.append([record]);
      chain.close();
      writeState(nodeDisk, statePath, { ...emptyState, historyHead: chain.head() });
    }
    const tool = makeIo(system.root);
    return { path, tool, go: (...argv: string[]) => run(argv, tool.io, statePath) };
  }
  const ticks = (count: number): ChainRecord[] =>
    Array.from({ length: count }, (_, n) => ({
      kind: "closed",
      at: "t",
      contract: `C${n}`,
      check: "c",
    }));

  test("prints the latest events in words, the oldest first", async () => {
    const { tool, go } = bed(ticks(30));
    expect(await go("-n", "2")).toBe(0);
    expect(tool.out()).toBe("t closed C28: c (?): ?\nt closed C29: c (?): ?\n");
  });

  test("lets no evidence drive the terminal", async () => {
    const { tool, go } = bed([
      { kind: "opened", at: "t", contract: "A", check: "\x1b[2J", evidence: "a\nb\u202e" },
    ]);
    expect(await go()).toBe(0);
    expect(tool.out()).toBe("t opened A: \\u001b[2J (?): a\\u000ab\\u202e\n");
    expect(await go("--json")).toBe(0);
    expect(tool.out()).not.toMatch(/[\u001b\u202e]/);
  });

  test("verifies, and names the line that was changed", async () => {
    const { path, tool, go } = bed(ticks(5));
    expect(await go("--verify")).toBe(0);
    expect(tool.out()).toBe("ok: 5 records, none changed\n");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("C2", "C9"));
    expect(await go("--verify")).toBe(1);
    expect(tool.out()).toContain(`broken: ${path}, line 3: it was edited`);
    writeFileSync(path, text.split("\n").slice(0, 3).join("\n").concat("\n"));
    expect(await go("--verify", "--json")).toBe(1);
    expect(tool.out()).toContain('"why": "records 4 to 5 are cut off"');
    expect(await go("-n", "1")).toBe(0);
  });

  test("says that there is none yet, with 69", async () => {
    const { go } = bed([]);
    expect(await failure(() => go())).toMatchObject({ code: 69, why: "there is none yet" });
    expect(await failure(() => go("-n", "0"))).toMatchObject({ code: 64 });
  });
});
