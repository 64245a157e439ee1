import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { run } from "../../src/commands/contract/report.ts";
import { type Hold, type Holds, noHolds } from "../../src/config/holds.ts";
import { reportOf } from "../../src/contract/report/build.ts";
import type { ReportDocument } from "../../src/contract/report/document.ts";
import { htmlOf } from "../../src/contract/report/html.ts";
import { prometheusOf } from "../../src/contract/report/prometheus.ts";
import { reportText, type TextOptions } from "../../src/contract/report/text.ts";
import { reportPaths, writeReports } from "../../src/contract/report/write.ts";
import type { Incident, Result } from "../../src/contract/types.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { failure, makeIo, makeSystem } from "../commands/support.ts";
import {
  contractOf,
  failing,
  healthOf,
  hour,
  incidentOf,
  minute,
  pass,
  resultOf,
  skipped,
  start,
} from "./incident-support.ts";

const hold = (kind: Hold["kind"], why = "a test"): Hold => ({
  version: 1,
  kind,
  at: "2027-01-01T00:00:00Z",
  by: { uid: 0, name: "root" },
  why,
  incident: null,
});

interface Parts {
  readonly results: readonly Result[];
  readonly incidents: readonly Incident[];
  readonly holds: Holds;
  readonly notes: readonly string[];
  readonly bad: ReportDocument["bad"];
  readonly names: readonly string[];
}

function documentOf(rest: Partial<Parts> = {}): ReportDocument {
  return reportOf({
    at: start,
    evaluation: "e1",
    durationMs: 120,
    health: healthOf("/srv/con", rest.names ?? ["desk", "worker"]),
    results: rest.results ?? [resultOf(contractOf("A"), pass)],
    bad: rest.bad ?? [],
    incidents: rest.incidents ?? [],
    holds: rest.holds ?? noHolds,
    counters: { escalations: 4, actions: { quarantine: 2 } },
    notes: rest.notes ?? [],
  });
}

const hostile = `<script>alert("x")</script>'&\x1b[31m\u202e\u200b\n# HELP x\n"} 1\\`;
const hostileDocument = (text: string): ReportDocument => {
  const contract = contractOf(text, { message: text });
  const found = { state: "fail", found: text, key: text, remedy: text, agents: [text] } as const;
  const taken = {
    at: start,
    action: "quarantine",
    agents: [text],
    request: text,
    key: text,
  } as const;
  return documentOf({
    results: [resultOf(contract, found), resultOf(contractOf("B"), { state: "error", why: text })],
    incidents: [incidentOf({ contract: text, evidence: text, actions: [taken] })],
    holds: { ...noHolds, agents: new Map([[text, hold("quarantined", text)]]) },
    notes: [text],
    bad: [
      {
        file: `/x/${text}`,
        problems: [{ line: 1, column: 1, key: text, why: text, remedy: text }],
      },
    ],
    names: ["desk", text],
  });
};

const busy = documentOf({
  results: [
    resultOf(contractOf("OK"), pass),
    resultOf(contractOf("GPU"), skipped),
    resultOf(contractOf("LOW", {}, { severity: "low" }), failing()),
    resultOf(contractOf("CRIT", {}, { severity: "critical" }), failing("full", ["worker"])),
  ],
  incidents: [
    incidentOf({
      contract: "CRIT",
      severity: "critical",
      count: 7,
      reopened: 1,
      escalations: 2,
      actions: [
        { at: start, action: "quarantine", agents: ["worker"], request: "r1", key: "full" },
      ],
    }),
  ],
  holds: { ...noHolds, agents: new Map([["worker", hold("quarantined", "it wrote to /etc")]]) },
});

describe("the document", () => {
  test("counts, and is ok only when nothing fails and every file is usable", () => {
    expect(documentOf()).toMatchObject({ ok: true, counts: { pass: 1, fail: 0 } });
    expect(busy).toMatchObject({ ok: false, counts: { pass: 1, fail: 2, error: 0, skipped: 1 } });
    expect(documentOf({ bad: [{ file: "/x.yaml", problems: [] }] }).ok).toBe(false);
    const error = resultOf(contractOf("A"), { state: "error", why: "late" });
    expect(documentOf({ results: [error] }).ok).toBe(false);
  });

  test("names who is held, and how each hold is taken back", () => {
    const holds = { ...noHolds, allWorkers: hold("halted") };
    expect(documentOf({ holds })).toMatchObject({
      holds: [{ what: "all workers", kind: "halted", by: "root", undo: "con resume" }],
      held: [
        { agent: "desk", kind: "halted" },
        { agent: "worker", kind: "halted" },
      ],
    });
    expect(busy.holds).toMatchObject([{ what: "worker", undo: "con agent resume worker" }]);
  });

  test("is made also of times that are none", () => {
    expect(documentOf({ incidents: [incidentOf({ firstSeen: 1e300 })] }).incidents).toHaveLength(1);
  });
});

/** Exposition format, as strictly as a collector reads it. */
const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const sample = new RegExp(`^con_[a-z_]+(?:\\{${label}(?:,${label})*\\})? -?[0-9.e+-]+$`);

describe("Prometheus", () => {
  const lines = (document: ReportDocument): string[] =>
    prometheusOf(document).split("\n").slice(0, -1);

  test("has HELP and TYPE of every metric before its samples, and each metric once", () => {
    const names = lines(busy)
      .filter((line) => line.startsWith("# TYPE"))
      .map((line) => line.split(" ")[2]);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines(busy).filter((one) => !one.startsWith("#")))
      expect(names).toContain(line.split(/[{ ]/)[0]);
    expect(prometheusOf(busy).endsWith("\n")).toBe(true);
  });

  test("says what fails, what is held and how much was done", () => {
    const all = lines(busy);
    for (const line of [
      'con_contract_ok{contract="OK",check="check",severity="high"} 1',
      'con_contract_ok{contract="CRIT",check="check",severity="critical"} 0',
      'con_incidents_open{severity="critical"} 1',
      'con_incidents_open{severity="low"} 0',
      `con_healthcheck_last_run_timestamp_seconds ${start / 1000}`,
      "con_healthcheck_duration_seconds 0.12",
      "con_escalations_total 4",
      'con_actions_total{action="quarantine"} 2',
      'con_agent_held{agent="worker",kind="quarantined"} 1',
    ])
      expect(all).toContain(line);
    expect(all.some((line) => line.startsWith("con_contract_ok") && line.includes("GPU"))).toBe(
      false,
    );
  });

  test("stays well-formed whatever is in it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(hostile), fc.string({ unit: "binary" })), (text) => {
        for (const line of lines(hostileDocument(text)))
          if (!line.startsWith("#")) expect(line).toMatch(sample);
      }),
    );
    expect(prometheusOf(hostileDocument(hostile)).match(/^# HELP/gm)).toHaveLength(9);
  });
});

describe("the page", () => {
  test("is whole, also while checks fail, and says when it is stale", () => {
    const page = htmlOf(busy);
    expect(page).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    expect(page).toContain("✗ NOT OK");
    expect(page).toContain(
      'Generated <time datetime="2027-01-01T00:00:00.000Z">2027-01-01T00:00:00Z</time>',
    );
    expect(page).toContain("stale if older than 10 min");
    expect(page).toContain('http-equiv="refresh" content="60"');
    expect(page).toContain("<code>con agent resume worker</code>");
    expect(page.indexOf("CRIT")).toBeLessThan(page.indexOf("LOW"));
    expect(page).toContain("<td>skipped</td>");
    expect(htmlOf(documentOf())).toContain("✓ ok");
  });

  test("loads nothing and runs nothing", () => {
    const page = htmlOf(hostileDocument(hostile));
    expect(page).toContain("default-src 'none'; style-src 'sha256-");
    expect(page).not.toMatch(/<script|src=|href=|url\(|@import|javascript:|\son\w+=/i);
    const tags = new Set([...page.matchAll(/<\/?([a-zA-Z!]+)/g)].map(([, tag]) => tag));
    expect(
      [...tags].filter((tag) =>
        ["img", "svg", "iframe", "a", "object", "form"].includes(tag ?? ""),
      ),
    ).toEqual([]);
  });

  test("holds no mark-up and nothing unseen of others, whatever it is", () => {
    const tagsOf = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];
    const shape = tagsOf(htmlOf(hostileDocument("plain")));
    fc.assert(
      fc.property(fc.oneof(fc.constant(hostile), fc.string({ unit: "binary" })), (raw) => {
        const page = htmlOf(hostileDocument(`x${raw}`));
        expect(tagsOf(page)).toEqual(shape);
        expect(page.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u);
      }),
    );
  });
});

const plain: TextOptions = { verbose: false, now: start + 5 * minute, paint: (_, text) => text };

describe("the text", () => {
  test("says what fails first, since when, what to do, what was done and how to take it back", () => {
    const text = reportText(busy, plain);
    expect(text.indexOf("FAIL CRIT: check (critical)")).toBe(0);
    for (const part of [
      "found    it is full",
      "agents   worker",
      "to do    Free some space.",
      "since    2027-01-01T00:00:00Z (5 min), seen 7×, came back 1×, told 2×; inc-1",
      "quarantine worker; undo: con agent resume worker",
      "quarantined worker\n    why      it wrote to /etc (by root",
    ])
      expect(text).toContain(part);
    expect(text).toMatch(/\nnot ok: 2 of 4 checks fail, 1 skipped; evaluated .*, 5 min ago\n$/);
    expect(text).not.toContain("OK: check");
  });

  test("lists every check where that is asked for, and is one line where all is well", () => {
    expect(reportText(busy, { ...plain, verbose: true })).toMatch(/^pass +OK: check +20 % free$/m);
    expect(reportText(documentOf(), plain)).toMatch(/^ok: none of 1 check fails; [^\n]+\n$/);
  });

  test("drives no terminal, whatever is in it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(hostile), fc.string({ unit: "binary" })), (text) => {
        const shown = reportText(hostileDocument(text), { ...plain, verbose: true });
        expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u);
      }),
    );
  });
});

describe("writing the reports", () => {
  function bed() {
    const { root } = makeSystem();
    for (const name of ["contracts", "metrics"])
      mkdirSync(join(root, "logs", name), { recursive: true });
    return { root, paths: reportPaths(root) };
  }

  test("leaves each whole, readable by whom its directory says, and nothing beside it", () => {
    const { root, paths } = bed();
    expect(writeReports(documentOf(), paths, nodeDisk)).toEqual([]);
    expect(writeReports(busy, paths, nodeDisk)).toEqual([]);
    expect(JSON.parse(readFileSync(paths.latest, "utf8"))).toEqual(busy);
    const modes = [paths.latest, paths.page, paths.metrics].map(
      (path) => statSync(path).mode & 0o777,
    );
    expect(modes).toEqual([0o640, 0o640, 0o644]);
    expect(readdirSync(join(root, "logs/contracts")).sort()).toEqual([
      "latest.json",
      "status.html",
    ]);
  });

  test("goes on where one cannot be written, and says which", () => {
    const { root, paths } = bed();
    rmSync(join(root, "logs/contracts"), { recursive: true });
    expect(writeReports(busy, paths, nodeDisk)).toEqual([
      `cannot write ${paths.latest}: ENOENT`,
      `cannot write ${paths.page}: ENOENT`,
    ]);
    expect(existsSync(paths.metrics)).toBe(true);
  });

  test("keeps the old report on a full disk", () => {
    const { paths } = bed();
    writeReports(documentOf(), paths, nodeDisk);
    const before = readFileSync(paths.latest, "utf8");
    const write = (): number => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    expect(writeReports(busy, paths, { ...nodeDisk, write })).toHaveLength(3);
    expect(readFileSync(paths.latest, "utf8")).toBe(before);
  });

  test("follows no link", () => {
    const { root, paths } = bed();
    const victim = join(root, "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, join(root, "logs/contracts/.latest.json.new"));
    expect(writeReports(busy, paths, nodeDisk)).toEqual([`cannot write ${paths.latest}: ELOOP`]);
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });
});

describe("con contract report", () => {
  function bed(document: ReportDocument | string | null, now = start + minute) {
    const { root, put } = makeSystem();
    if (document !== null)
      put(
        "logs/contracts/latest.json",
        typeof document === "string" ? document : JSON.stringify(document),
      );
    const tool = makeIo(root, { now: () => now });
    return { tool, go: (...argv: string[]) => run(argv, tool.io) };
  }

  test("prints the latest one and tells by its exit code whether something fails", async () => {
    const green = bed(documentOf());
    expect(await green.go()).toBe(0);
    const red = bed(busy);
    expect(await red.go("-v")).toBe(1);
    expect(red.tool.out()).toContain("FAIL CRIT: check");
  });

  test("prints the document as JSON that drives no terminal", async () => {
    const { tool, go } = bed(hostileDocument(hostile));
    expect(await go("--json")).toBe(1);
    expect(JSON.parse(tool.out())).toEqual(hostileDocument(hostile));
    expect(tool.out()).not.toMatch(/[\u001b\u202e]/);
  });

  test.each([hour, -hour])("prints an old one all the same, with 69 (%i ms)", async (age) => {
    const { tool, go } = bed(documentOf(), start + age);
    expect(await failure(() => go())).toMatchObject({
      code: 69,
      remedy: expect.stringContaining("con healthcheck"),
    });
    expect(tool.out()).toContain("none of 1 check fails");
  });

  test("says that there is none, or that it is damaged", async () => {
    expect(await failure(() => bed(null).go())).toMatchObject({
      code: 69,
      why: "there is none yet",
    });
    for (const text of ["", "{", "null", "{}", '{"version":1}'])
      expect(await failure(() => bed(text).go())).toMatchObject({
        code: 69,
        why: expect.stringContaining("damaged"),
      });
  });
});
