/** A real process, really killed, between any two steps of a run; then run again. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { decodeLines } from "../../src/agent/journal.ts";

/** Some twenty processes one after the other; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000 });

const driver = path.join(import.meta.dirname, "support", "attempt-drive.ts");

function inFreshRoot(check: (root: string) => void): void {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "con-crash-"));
  try {
    check(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

const drive = (root: string, killAt: number, when: string) =>
  spawnSync(process.execPath, [driver, root, String(killAt), when], { encoding: "utf8" });

interface Survived {
  readonly outcome: { readonly kind: string; readonly answer: string };
  readonly syncs: number;
}

function finish(root: string): Survived {
  const ended = drive(root, 0, "never");
  if (ended.status !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as Survived;
}

const written = (root: string): string[] => {
  const file = path.join(root, "agents/desk/workspace/log");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
};

function interrupted(root: string): number {
  const directory = path.join(root, "agents/desk/state/journal");
  const [name = ""] = fs.readdirSync(directory);
  const decoded = decodeLines(fs.readFileSync(path.join(directory, name), "utf8"));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines.filter((line) => line.kind === "tool-result" && line.interrupted).length;
}

const all = ["one", "two", "three", "four"];

describe("a killed runner", () => {
  it("is not needed: the reference run writes each line once", () => {
    inFreshRoot((root) => {
      expect(finish(root)).toMatchObject({ outcome: { kind: "done", answer: "finished" } });
      expect(written(root)).toEqual(all);
    });
  });

  it.each(["before", "after"])("resumes %s every sync, and repeats nothing", (when) => {
    let syncs = 0;
    inFreshRoot((root) => {
      syncs = finish(root).syncs;
    });
    expect(syncs).toBeGreaterThan(7);
    for (let killAt = 1; killAt <= syncs; killAt += 1)
      inFreshRoot((root) => {
        expect(drive(root, killAt, when).signal).toBe("SIGKILL");
        expect(finish(root).outcome, `${when} ${killAt}`).toMatchObject({ answer: "finished" });
        const lines = written(root);
        expect(new Set(lines).size, `${when} ${killAt}: ${lines}`).toBe(lines.length);
        // What is missing is what was cut, and the model was told.
        expect(all.length - lines.length).toBeLessThanOrEqual(interrupted(root));
      });
  });
});
