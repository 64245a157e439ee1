/** A verified task that may have run before, and is known no more, never runs again: under no name. */
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { claim } from "../../src/spool/claim.ts";
import { forgetBefore, forgottenBefore } from "../../src/spool/forgotten.ts";
import { scan } from "../../src/spool/scan.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { encodeTask, requestOf } from "../../src/task/codec.ts";
import { newId } from "../../src/task/id.ts";
import { type Fixture, fixture, selfUid } from "./support/fixture.ts";

const day = 86_400_000;
const trusted = () => fixture({}, { trustedUids: [selfUid] });

/** Written `age` days ago, under this name. */
function drop(at: Fixture, name: string, age: number, text = "work"): void {
  const path = join(at.post.paths.inbox, `${name}.task`);
  fs.writeFileSync(path, encodeTask(requestOf(text), { endMarker: true }));
  const when = (Date.now() - age * day) / 1000;
  fs.utimesSync(path, when, when);
}

async function claimed(at: Fixture): Promise<string> {
  const [candidate] = scan(at.world, at.post);
  if (candidate === undefined) return "nothing";
  const one = await claim(at.world, at.post, candidate);
  return one.kind;
}

const idFrom = (age: number, seed: number): string =>
  newId(Date.now() - age * day, (count) => new Uint8Array(count).fill(seed));

describe("a verified task", () => {
  it("from before what was forgotten is refused, whatever its name says, and the sender is told", async () => {
    // Age of the id (null: a name of a person's own), age of the file, days since the forgetting.
    const cases = [
      { id: 100, file: 100, limit: 90, kind: "refused" },
      { id: 100, file: 0, limit: 90, kind: "refused" },
      { id: 0, file: 100, limit: 90, kind: "refused" },
      { id: null, file: 100, limit: 90, kind: "refused" },
      { id: 80, file: 80, limit: 90, kind: "task" },
      { id: null, file: 0, limit: 90, kind: "task" },
      { id: 100, file: 100, limit: null, kind: "task" },
    ];
    for (const [seed, { id, file, limit, kind }] of cases.entries()) {
      const at = trusted();
      if (limit !== null) forgetBefore(nodeDisk, at.post.paths, Date.now() - limit * day);
      const name = id === null ? "hand-made" : idFrom(id, seed);
      drop(at, name, file);
      expect(await claimed(at), JSON.stringify({ id, file, limit })).toBe(kind);
      if (kind === "task") continue;
      const records = fs.readdirSync(at.post.paths.outbox).filter((one) => one.endsWith(".json"));
      const record = fs.readFileSync(join(at.post.paths.outbox, records[0] ?? ""), "utf8");
      expect(JSON.parse(record)).toMatchObject({
        status: "failed",
        error: expect.stringContaining("it could have run already. Send it again"),
      });
      // Once more, it is a duplicate of what was refused.
      if (id === null) continue;
      drop(at, name, file);
      expect(await claimed(at)).toBe("duplicate");
    }
  });

  it("never runs twice, whatever is forgotten when and under which names it comes", async () => {
    let random = 7;
    const upTo = (most: number): number => {
      random = (random * 1103515245 + 12345) % 2 ** 31;
      return random % most;
    };
    for (let round = 0; round < 12; round += 1) {
      const at = trusted();
      const age = 1 + upTo(200);
      const name = idFrom(age, round);
      drop(at, name, age);
      expect(await claimed(at)).toBe("task");
      const task = `${name}.task`;
      const { paths } = at.post;
      fs.renameSync(join(paths.queue.active, task), join(paths.processed, task));
      // What upkeep does, for a limit in days that may change from night to night.
      for (const limit of [1 + upTo(250), 1 + upTo(250)]) {
        const before = Date.now() - limit * day;
        const claimedAt = Date.now() - age * day;
        if (claimedAt >= before || !fs.existsSync(join(paths.processed, task))) continue;
        forgetBefore(nodeDisk, paths, before);
        fs.unlinkSync(join(paths.processed, task));
      }
      const isForgotten = !fs.existsSync(join(paths.processed, task));
      // Kept aside by whoever can rename it: its own name, and if it is known no more, any other.
      const names = isForgotten ? [name, "another", idFrom(0, 100 + round)] : [name];
      for (const other of names) {
        drop(at, other, age);
        expect(["refused", "duplicate"]).toContain(await claimed(at));
      }
    }
  });
});

it("an unverified task is asked nothing of the kind: its sender may send it anew in any case", async () => {
  const at = fixture();
  forgetBefore(nodeDisk, at.post.paths, Date.now() - 90 * day);
  const name = idFrom(100, 1);
  drop(at, name, 100);
  // Root is always verified.
  const path = join(at.post.paths.inbox, `${name}.task`);
  if (selfUid === 0) fs.chownSync(path, 1666, process.getgid?.() ?? 0);
  expect(await claimed(at)).toBe("task");
});

it("what was forgotten is never less, and a damaged note counts as the time it was written", () => {
  const { post } = fixture();
  expect(forgottenBefore(nodeDisk, post.paths)).toBeNull();
  forgetBefore(nodeDisk, post.paths, 2000);
  forgetBefore(nodeDisk, post.paths, 1000);
  expect(forgottenBefore(nodeDisk, post.paths)).toBe(2000);
  const path = join(post.paths.state, "forgotten.json");
  for (const text of ["", "{", '{"version":2,"before":"2020-01-01T00:00:00Z"}', "null"]) {
    fs.writeFileSync(path, text);
    fs.utimesSync(path, 1000, 1000);
    expect(forgottenBefore(nodeDisk, post.paths), text).toBe(1_000_000);
  }
});
