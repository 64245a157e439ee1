import { execFileSync } from "node:child_process";
import { chmodSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../src/commands/contract.ts";
import { exit } from "../../src/system/errors.ts";
import { bytesOf, failure, makeIo, makeSystem } from "./support.ts";

const disk = `id: SYS-001
description: Free space
severity: critical
every: 5m
checks:
  - disk_free: {path: /srv/con, min_pct: health.disk_min_free_pct}
    on_fail: {action: halt_workers, after: 3, message: "make room"}
`;
const script = `id: AGENT-001
description: "a\\u202Eb"
scope: agent:concierge
trigger: commit
depends_on: SYS-001
skip_if: {path_not_exists: /x}
checks:
  - name: mine
    script:
      inline: |
        echo one
        exit 1
    user: root
    on_fail: log
  - name: told
    command: {run: df, test: '[ "$RESULT" = "\u001b[31m" ]', exit_code: 0}
`;

function setting(files: Record<string, string>) {
  const { root, put } = makeSystem();
  mkdirSync(join(root, "contracts"), { mode: 0o755 });
  for (const [name, text] of Object.entries(files))
    chmodSync(put(`contracts/${name}`, text), 0o644);
  const call = async (...argv: string[]) => {
    const io = makeIo(root, { now: () => Date.parse("2027-01-01T00:10:00Z") });
    const code = await run(argv, io.io);
    return { code, out: io.out(), err: io.err() };
  };
  return { root, put, call };
}

describe("con contract list", () => {
  test("every contract on a line, exit 0", async () => {
    const { call } = setting({ "a.yaml": disk, "b.yaml": script });
    const { code, out } = await call("list");
    expect(code).toBe(exit.ok);
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["ID", "SEVERITY", "EVERY", "ACTION", "SCOPE", "DESCRIPTION"],
      ["AGENT-001", "medium", "by hand", "alert", "agent:concierge", "a\\u202eb"],
      ["SYS-001", "critical", "5 min", "halt_workers", "system", "Free space"],
      [""],
    ]);
  });

  test("what is no contract comes last with its line, exit 1", async () => {
    const { call, root } = setting({ "a.yaml": disk, "b.yaml": "id: B\ndescription: d\nx: 1\n" });
    const { code, out } = await call("list");
    expect(code).toBe(exit.no);
    expect(out).toContain(`${join(root, "contracts/b.yaml")}:3:1: x: there is no key x: `);
    expect(out.indexOf("SYS-001")).toBeLessThan(out.indexOf("b.yaml"));
    const json = JSON.parse((await call("list", "--json")).out);
    expect(json.contracts).toEqual([
      {
        id: "SYS-001",
        severity: "critical",
        every_seconds: 300,
        manual: false,
        actions: ["halt_workers"],
        agent: null,
        description: "Free space",
        type: "detective",
        tags: [],
        depends_on: [],
        checks: ["disk_free"],
        file: join(root, "contracts/a.yaml"),
      },
    ]);
    expect(json.bad).toMatchObject([{ problems: [{ line: 3, column: 1, key: "x" }] }]);
  });

  test("without a directory it says so", async () => {
    const { call, root } = setting({});
    chmodSync(join(root, "contracts"), 0o777);
    expect((await call("list")).out).toContain("others than root may write to it");
  });
});

describe("con contract show", () => {
  test("the whole contract in words, terminal-safe", async () => {
    const { call } = setting({ "a.yaml": disk, "b.yaml": script });
    const { code, out } = await call("show", "AGENT-001");
    expect(code).toBe(exit.ok);
    expect(out).toContain("description  a\\u202eb\n");
    expect(out).toContain("evaluated    only when a person asks\n");
    expect(out).toContain("waits for    SYS-001\n");
    expect(out).toContain("skipped if   there is no /x\n");
    expect(out).toMatch(/runs as root\s+echo one\n {16}exit 1\n/);
    expect(out).toContain('passes if          it exits with 0, and [ "$RESULT" = "\\u001b[31m" ]');
    expect(out).toContain("No result");
    expect(out).not.toContain("\u001b");
    const [check] = JSON.parse((await call("show", "SYS-001", "--json")).out).contract.checks;
    expect(check.onFail).toEqual({
      action: "halt_workers",
      escalate: "sysadmin",
      message: "make room",
      after: 3,
    });
  });

  test("with its last result and what is open", async () => {
    const { call, put } = setting({ "a.yaml": disk });
    const times = { first_seen: "2027-01-01T00:00:00Z", last_seen: "2027-01-01T00:09:00Z" };
    const about = { contract: "SYS-001", check: "disk_free" };
    const report = {
      version: 1,
      at: "2027-01-01T00:09:00Z",
      ok: false,
      interval_seconds: 60,
      counts: {},
      results: [
        null,
        { ...about, state: "fail", found: "3 %\u001b[2J", at: "2027-01-01T00:09:00Z" },
        { ...about, contract: "OTHER", state: "pass", found: "not mine", at: "" },
      ],
      incidents: [
        { ...about, ...times, id: "inc-1", state: "open", count: 9, evidence: "3 %", remedy: "rm" },
        { ...about, ...times, id: "inc-0", state: "closed", count: 1, evidence: "", remedy: "" },
      ],
      bad: [],
      holds: [],
      held: [],
      notes: [],
    };
    put("logs/contracts/latest.json", JSON.stringify(report));
    const { out } = await call("show", "SYS-001");
    expect(out).toContain("last result    fail, 60 s ago: 3 %\\u001b[2J\n");
    expect(out).toContain("open incident  inc-1, first 10 min ago, seen 9 times\n");
    expect(out).not.toContain("not mine");
    expect(out).not.toContain("inc-0");
    put("logs/contracts/latest.json", '{"version":1');
    expect((await call("show", "SYS-001")).out).toContain("No result");
  });

  test("of an id that is none, with the nearest", async () => {
    const { call } = setting({ "a.yaml": disk, "b.yaml": ":" });
    const error = await failure(() => call("show", "SYS-002"));
    expect(error.code).toBe(exit.badInput);
    expect(error.message).toContain("1 files are no contracts");
    expect(error.remedy).toBe("did you mean SYS-001?");
  });
});

describe("con contract check", () => {
  test("valid files, wherever they lie, and standard input", async () => {
    const { call, put, root } = setting({});
    chmodSync(put("draft.yaml", disk), 0o666);
    expect(await call("check", "draft.yaml")).toEqual({ code: exit.ok, out: "ok\n", err: "" });
    const io = makeIo(root, { input: () => bytesOf([Buffer.from(disk)]) });
    expect(await run(["check", "-"], io.io)).toBe(exit.ok);
    const bad = makeIo(root, {
      input: () => bytesOf([Buffer.from("id: X\n"), Buffer.from([255])]),
    });
    expect(await run(["check", "-"], bad.io)).toBe(exit.badInput);
    expect(bad.err()).toBe("-:1:1: it is not UTF-8: give a file that you may read\n");
  });

  test("each problem as file:line:column: key: why: remedy, exit 65", async () => {
    const { call, put, root } = setting({});
    put("a.yaml", disk.replace("min_pct", "minpct"));
    put("b.yaml", disk);
    put("c.yaml", disk);
    mkdirSync(join(root, "d"));
    const { code, out, err } = await call("check", "a.yaml", "b.yaml", "c.yaml", "d", "gone");
    expect([code, out]).toEqual([exit.badInput, ""]);
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toContain(
      "a.yaml:6:16: checks.0.disk_free: min_pct is missing: add min_pct: ",
    );
    expect(lines[1]).toContain(
      "a.yaml:6:33: checks.0.disk_free.minpct: there is no key minpct: did",
    );
    expect(lines[2]).toContain("b.yaml:1:1: id: SYS-001 is the id of a.yaml: ");
    expect(lines[3]).toContain("c.yaml:1:1: id: SYS-001 is the id of a.yaml: ");
    expect(lines[4]).toContain("d:1:1: it is no regular file: ");
    expect(lines[5]).toContain("gone:1:1: there is no such file: ");
    const { files } = JSON.parse((await call("check", "--json", "b.yaml", "gone")).out);
    expect(files).toMatchObject([
      { file: "b.yaml", id: "SYS-001", ok: true, problems: [] },
      { file: "gone", id: null, ok: false, problems: [{ line: 1, column: 1 }] },
    ]);
  });

  test("a link, a FIFO and a big file are not read, and no long line is shown as a key", async () => {
    const { call, put, root } = setting({});
    const hash = `root:$y$${"j9T".repeat(30)}:20000:0:99999:7:::`;
    put("secret", `"${hash}": 1\nid: X\n`);
    symlinkSync(join(root, "secret"), join(root, "mine.yaml"));
    mkdirSync(join(root, "there"));
    symlinkSync("/etc", join(root, "there/etc"));
    lchownSync(join(root, "there/etc"), 20_000, 20_000);
    execFileSync("mkfifo", [join(root, "fifo.yaml")]);
    put("big.yaml", "a".repeat((1 << 20) + 1));
    const { err } = await call("check", "mine.yaml", "fifo.yaml", "big.yaml", "secret");
    expect(err).toContain("mine.yaml:1:1: it is a symbolic link, which is not followed");
    expect(err).toContain("fifo.yaml:1:1: it is no regular file");
    expect(err).toContain("big.yaml:1:1: it has more than 1048576 bytes");
    expect(err).toContain("secret:1:1: …: there is no such key, of");
    expect(err).not.toContain("j9T");
    expect((await call("check", "--json", "secret")).out).not.toContain("j9T");
    const through = await call("check", "there/etc/passwd");
    expect(through.err).toContain("it is a symbolic link, which is not followed");
  });

  test("of many problems 50 are printed", async () => {
    const { call, put } = setting({});
    put("a.yaml", Array.from({ length: 500 }, (_, n) => `k${n}: 1\n`).join(""));
    put("b.yaml", "&a ".repeat(10_000));
    const { err } = await call("check", "a.yaml", "b.yaml");
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe("and 150 more problems");
  });

  test("a file name cannot drive the terminal", async () => {
    const { call } = setting({});
    expect((await call("check", "a\u001b[2J")).err).not.toContain("\u001b");
  });

  test("without a file it is a misuse", async () => {
    const { call } = setting({});
    expect((await failure(() => call("check"))).code).toBe(exit.usage);
  });
});

test.each(["list", "show", "check"])("con contract %s --help has an example", async (verb) => {
  const { call } = setting({});
  const { code, out } = await call(verb, "--help");
  expect(code).toBe(exit.ok);
  expect(out).toContain("Example:\n  con contract ");
});
