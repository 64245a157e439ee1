/** The journal of a task on a real disk. */
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openJournal } from "../../src/runner/journal-file.ts";
import { nodeDisk } from "../../src/system/disk.ts";

const directory = fs.mkdtempSync(join(os.tmpdir(), "con-journal-"));
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

test("one that is too large is none, and never taken for an empty one", () => {
  const path = join(directory, "t.jsonl");
  fs.writeFileSync(path, "");
  fs.truncateSync(path, (256 << 20) + 1);
  expect(openJournal(nodeDisk, directory, "t")).toMatchObject({
    ok: false,
    why: expect.stringContaining("larger"),
  });
});
