/**
 * 300 steps in a window of 16,384 tokens, killed with SIGKILL at 20 random moments: the answer needs every one of the
 * 300 results, long after their messages are gone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { decodeLines, type JournalLine } from "../../../src/agent/journal.ts";
import type { Outcome } from "../../../src/task/task.ts";
import { totalOf } from "../support/long.ts";

const drive = join(import.meta.dirname, "../support/long-drive.ts");
const steps = 300;
/** The window less a quarter, which is kept for the answer. */
const room = 16_384 - 4096;
const kills = 20;

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "con-long-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

/** Runs one attempt; kills it so long after its first request of this attempt, or lets it end. */
async function attempt(killAfterMs: number | null): Promise<void> {
  const child = spawn(process.execPath, [drive, directory, String(steps), "16384"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = once(child, "exit");
  if (killAfterMs !== null) {
    const before = sizeOf("requests");
    while (child.exitCode === null && sizeOf("requests") === before) await sleep(5);
    await sleep(killAfterMs);
    child.kill("SIGKILL");
  }
  const [code] = await ended;
  if (killAfterMs === null) expect(code).toBe(0);
}

const read = (file: string): string => {
  const path = join(directory, file);
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "";
};

const sizeOf = (file: string): number =>
  fs.statSync(join(directory, file), { throwIfNoEntry: false })?.size ?? 0;

/** Whole lines: the last may be torn. */
const linesOf = (file: string): unknown[] =>
  read(file)
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

function journal(): readonly JournalLine[] {
  const [file = ""] = fs.readdirSync(join(directory, "journal"));
  const decoded = decodeLines(read(join("journal", file)));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines;
}

const numberIn = (line: JournalLine): number | null =>
  line.kind === "tool-result" && !line.interrupted
    ? Number(/^entry (\d+) /.exec(line.text)?.[1])
    : null;

it("ends with the right answer, and repeats no completed call", { timeout: 120_000 }, async () => {
  for (let kill = 0; kill < kills; kill += 1) await attempt(Math.random() * 120);
  await attempt(null);

  const outcome = JSON.parse(read("answer")) as Outcome;
  expect(outcome).toMatchObject({ kind: "done", answer: `The total is ${totalOf(steps)}.` });

  const lines = journal();
  const completed = lines.map(numberIn).filter((n) => n !== null);
  expect(completed).toHaveLength(steps);
  expect(new Set(completed).size).toBe(steps);
  const cut = lines.filter((line) => line.kind === "tool-result" && line.interrupted);
  expect(linesOf("calls").length).toBeLessThanOrEqual(steps + cut.length);

  const requests = linesOf("requests") as { tokens: number; faults: string[]; stable: boolean }[];
  expect(requests.flatMap(({ faults }) => faults)).toEqual([]);
  expect(Math.max(...requests.map(({ tokens }) => tokens))).toBeLessThanOrEqual(room);
  const compactions = lines.filter(({ kind }) => kind === "compaction");
  expect(compactions.length).toBeGreaterThan(3);
  expect(compactions.every((line) => line.kind === "compaction" && line.how === "summary")).toBe(
    true,
  );
  expect(requests.filter(({ stable }) => !stable).length).toBeLessThanOrEqual(compactions.length);
  // Killed between handing over and its line: handed over again, under the same key.
  const keys = (linesOf("kept") as { key: string }[]).map(({ key }) => key);
  expect(new Set(keys).size).toBe(compactions.length);
});
