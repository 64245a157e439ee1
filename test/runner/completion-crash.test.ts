/** A real process, really killed, around the completion checks of a task; then run again. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, vi } from "vitest";
import { decodeLines, type JournalLine } from "../../src/agent/journal.ts";

/** Some thirty processes one after the other; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000 });

const driver = path.join(import.meta.dirname, "support", "completion-drive.ts");

function inFreshRoot(check: (root: string) => void): void {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "con-checks-"));
  try {
    check(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

const drive = (root: string, killAt: number, when: string, mends: string) =>
  spawnSync(process.execPath, [driver, root, String(killAt), when, mends], { encoding: "utf8" });

interface Survived {
  readonly outcome: {
    readonly kind: string;
    readonly answer: string;
    readonly checks: readonly { readonly state: string }[];
    readonly tally: { readonly steps: number };
  };
  readonly syncs: number;
  readonly asked: number;
}

function finish(root: string, when: string, mends: string): Survived {
  const ended = drive(root, 0, when, mends);
  if (ended.status !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as Survived;
}

function journalOf(root: string): readonly JournalLine[] {
  const directory = path.join(root, "agents/desk/state/journal");
  const [name = ""] = fs.readdirSync(directory);
  const decoded = decodeLines(fs.readFileSync(path.join(directory, name), "utf8"));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines;
}

const count = (lines: readonly JournalLine[], kind: string): number =>
  lines.filter((line) => line.kind === kind).length;

const ends = [
  ["mends", "done", ["pass", "pass"], 2],
  ["insists", "failed", ["fail", "pass"], 3],
] as const;

it.each(ends)("a run that %s ends %s, wherever it is killed", (mends, kind, states, rounds) => {
  let syncs = 0;
  inFreshRoot((root) => {
    const whole = finish(root, "never", mends);
    expect(whole.outcome.kind).toBe(kind);
    syncs = whole.syncs;
  });
  expect(syncs).toBeGreaterThan(6);
  for (const when of ["before", "after"])
    for (let killAt = 1; killAt <= syncs; killAt += 1)
      inFreshRoot((root) => {
        const at = `${when} ${killAt}`;
        expect(drive(root, killAt, when, mends).signal, at).toBe("SIGKILL");
        const before = count(journalOf(root), "model-result");
        const { outcome, asked } = finish(root, "never", mends);
        const lines = journalOf(root);
        // The write was cut, and this model does not try again: the checks rightly do not pass.
        const cut = lines.some((line) => line.kind === "tool-result" && line.interrupted);
        expect(outcome.kind, at).toBe(cut ? "failed" : kind);
        // A failed end that was written but not settled is taken back, with new rounds.
        if (cut || count(lines, "retry") > 0) return;
        const found = outcome.checks.map(({ state }) => state);
        expect(found, at).toEqual(states);
        expect(outcome.tally.steps, at).toBe(3);
        expect(asked, at).toBe(3 - before);
        expect(count(lines, "check-result"), at).toBe(rounds);
        expect(count(lines, "final"), at).toBe(1);
      });
});

it("killed in the middle of the checks, they are made again, and no model is asked twice", () => {
  inFreshRoot((root) => {
    expect(drive(root, 0, "during", "mends").signal).toBe("SIGKILL");
    expect(journalOf(root).at(-1)?.kind).toBe("check-intent");
    const { outcome, asked } = finish(root, "during", "mends");
    expect(outcome).toMatchObject({ kind: "done", answer: "really done", tally: { steps: 3 } });
    expect(asked).toBe(2);
    const made = fs.readFileSync(path.join(root, "agents/desk/workspace/made"), "utf8");
    expect(made).toBe("made\nmade\nmade\n");
  });
});
