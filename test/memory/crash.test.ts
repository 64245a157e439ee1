/** What was acknowledged is there after SIGKILL, and after a disk that took no more. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Sqlite from "better-sqlite3";
import { load } from "sqlite-vec";
import { expect, test } from "vitest";
import { own, put, world } from "./support/world.ts";

const here = world();
const drive = join(import.meta.dirname, "support/store-drive.ts");

interface Line {
  readonly stored?: { readonly outcome: string; readonly id: string };
  readonly text?: string;
  readonly trouble?: string;
}

/** Runs the driver and kills it soon after `count` acknowledgements; gives back what it had said by then. */
async function stores(label: string, count: number, limit?: number): Promise<Line[]> {
  const limited = limit === undefined ? "" : `ulimit -f ${limit}; `;
  const script = `${limited}exec "$0" "$@"`;
  const child = spawn("/bin/sh", ["-c", script, process.execPath, drive, here.path, label], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines: Line[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line of a killed process may be cut.
    if (line.endsWith("}")) lines.push(JSON.parse(line) as Line);
    // At once it would nearly always be met in between two stores: our waking is what it waits for.
    if (lines.length === count) setTimeout(() => child.kill("SIGKILL"), count % 9);
  }
  await ended;
  return lines;
}

/** How many memories the tables know of: one number where no store was cut in the middle. */
function counts(): Set<unknown> {
  const database = new Sqlite(here.path);
  load(database);
  const tables = ["memories", "details", "words", "vectors", "sketches"];
  const found = tables.map((table) =>
    database.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  );
  database.close();
  return new Set(found);
}

test("kill -9 at any moment loses nothing that was acknowledged", async () => {
  const said: Line[] = [];
  for (const count of [1, 2, 4, 5, 7, 12, 14, 16, 21, 24, 33]) {
    said.push(...(await stores(`round${count}x`, count)));
    const store = await here.open();
    expect(store.damaged).toBeNull();
    store.check();
    expect(counts().size).toBe(1);
    for (const { stored, text } of said) {
      const whole = store.show(own, stored?.id ?? "");
      expect(whole?.memory.text).toBe(text);
    }
    const { hits } = await store.search({ principals: own, text: `round${count}x` });
    expect(hits[0]?.memory.text).toContain(`round${count}x`);
  }
  expect(said.length).toBeGreaterThanOrEqual(100);
});

test("a disk that takes no more is told as such, and keeps what it had", async () => {
  await put(await here.open());
  const said = await stores("full", Number.POSITIVE_INFINITY, 2048);
  expect(said.at(-1)).toMatchObject({ trouble: "disk" });
  const kept = said.filter(({ stored }) => stored !== undefined);
  expect(kept.length).toBeGreaterThan(3);
  const store = await here.open();
  expect(store.damaged).toBeNull();
  store.check();
  for (const { stored, text } of kept)
    expect(store.show(own, stored?.id ?? "")?.memory.text).toBe(text);
  expect(existsSync(here.path)).toBe(true);
});
