/**
 * Stores one memory after the other until it is killed or the disk refuses, and says each id once `store` has
 * returned. Arguments: the file, what the texts begin with.
 */
import { writeSync } from "node:fs";
import { MemoryError } from "../../../src/memory/errors.ts";
import { openMemory } from "../../../src/memory/memory.ts";
import { nodeDisk } from "../../../src/system/disk.ts";

const [path = "", label = ""] = process.argv.slice(2);
// A limit on the size of files is told by a signal, which would end us, and by an errno, which is wanted.
process.on("SIGXFSZ", () => undefined);

const store = await openMemory({ disk: nodeDisk, path, now: Date.now });
try {
  for (let at = 0; ; at += 1) {
    const text = `${label} number ${at}`;
    const details = "filler ".repeat(at % 7 === 0 ? 5000 : 1);
    const stored = await store.store({
      principal: "a-one",
      kind: "observation",
      category: `category ${at % 3}`,
      title: `title ${at % 50}`,
      text,
      details,
      provenance: "observed",
      source: { task: "task-1", from: "anna", trust: "verified", call: `call-${at}` },
    });
    writeSync(1, `${JSON.stringify({ stored, text })}\n`);
  }
} catch (error) {
  if (!(error instanceof MemoryError)) throw error;
  writeSync(1, `${JSON.stringify({ trouble: error.trouble, why: error.message })}\n`);
}
store.close();
