/** A program for tests inside the container: stores one memory in the file it is given, and says what it finds. */
import { openMemory } from "../../../src/memory/memory.ts";
import { nodeDisk } from "../../../src/system/disk.ts";

const [path = ""] = process.argv.slice(2);
const store = await openMemory({ disk: nodeDisk, path, now: Date.now });
const stored = await store.store({
  principal: "concierge",
  kind: "fact",
  category: "operations",
  title: "Deploy window",
  text: "Deployments happen on Tuesday.",
  provenance: "observed",
  source: { task: "task-1", from: "root", trust: "verified", call: "call-1" },
});
const { hits } = await store.search({ principals: ["concierge"], text: "deploymnt tuesday" });
store.close();
process.stdout.write(JSON.stringify({ stored, scores: hits[0]?.scores }));
