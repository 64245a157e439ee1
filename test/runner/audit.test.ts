/** The runner's side of the audit trail: when it sends, what it keeps, what a crash leaves. */
import { describe, expect, test } from "vitest";
import { keptPath } from "../../src/runner/audit/kept.ts";
import { createPost, type Posted } from "../../src/runner/audit/post.ts";
import { type AuditTrail, bounds, createTrail, type RunnerEvent } from "../../src/runner/audit.ts";
import type { Disk } from "../../src/system/disk.ts";
import { createLog } from "../../src/system/log.ts";
import { Crash, MemoryDisk } from "../spool/support/memory-disk.ts";

const state = "/state";
const kept = keptPath(state);
const accepted: Posted = { kind: "accepted", refused: [] };
const away: Posted = { kind: "away", why: "down" };

interface Bench {
  readonly trail: AuditTrail;
  readonly memory: MemoryDisk;
  /** What the gateway has. */
  readonly got: Record<string, unknown>[];
  answer: Posted | (() => Posted);
  now: number;
  readonly again: () => AuditTrail;
}

function bench(memory = new MemoryDisk(["/", state])): Bench {
  const got: Record<string, unknown>[] = [];
  const at = { memory, got, answer: accepted as Bench["answer"], now: 0 };
  const disk: Disk = memory.disk();
  const again = (): AuditTrail =>
    createTrail({
      disk,
      keptPath: kept,
      log: createLog(() => undefined),
      now: () => at.now,
      post: async (events) => {
        const answer = typeof at.answer === "function" ? at.answer() : at.answer;
        if (answer.kind === "accepted")
          got.push(...events.map((text) => JSON.parse(text) as Record<string, unknown>));
        return answer;
      },
    });
  return Object.assign(at, { trail: again(), again });
}

const event = (mark: number): RunnerEvent => ({ kind: "lost", count: mark });
const marks = (events: readonly Record<string, unknown>[]) => events.map(({ count }) => count);
const inFile = ({ memory }: Bench): unknown[] =>
  marks(
    (memory.text(kept) ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );

describe("while the gateway is there", () => {
  test("all is accepted, in order, numbered within one stream, and nothing is kept", async () => {
    const at = bench();
    at.trail.note(event(1), event(2));
    expect(await at.trail.settle()).toBe("accepted");
    at.trail.note(event(3));
    expect(await at.trail.settle()).toBe("accepted");
    expect(marks(at.got)).toEqual([1, 2, 3]);
    expect(at.got.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(new Set(at.got.map(({ stream }) => stream)).size).toBe(1);
    expect(at.memory.calls).toBe(0);
  });

  test("many go in batches that the gateway takes", async () => {
    const at = bench();
    for (let n = 1; n <= 500; n += 1) at.trail.note({ ...event(n), why: "x".repeat(400) });
    expect(await at.trail.settle()).toBe("accepted");
    expect(marks(at.got)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
  });

  test("what it will never take is counted, and does not stand in the way", async () => {
    const at = bench();
    at.answer = () => {
      at.answer = accepted;
      return { kind: "refused", why: "no" };
    };
    at.trail.note(event(10), event(11));
    expect(await at.trail.settle()).toBe("accepted");
    expect(at.got).toMatchObject([{ kind: "lost", count: 2 }]);
  });
});

describe("while the gateway is away", () => {
  test("events are kept on disk, and sent by the next session before its own", async () => {
    const at = bench();
    at.answer = away;
    at.trail.note(event(1), event(2));
    expect(await at.trail.settle()).toBe("kept");
    expect(inFile(at)).toEqual([1, 2]);
    at.answer = accepted;
    const next = at.again();
    next.note(event(3));
    expect(await next.settle()).toBe("accepted");
    expect(marks(at.got)).toEqual([1, 2, 3]);
    expect(at.memory.text(kept)).toBeNull();
  });

  test("it is not asked again at once, and after a pause it is", async () => {
    const at = bench();
    let asked = 0;
    at.answer = () => {
      asked += 1;
      return away;
    };
    for (let n = 0; n < 5; n += 1) {
      at.trail.note(event(n));
      expect(await at.trail.settle()).toBe("kept");
    }
    expect(asked).toBe(1);
    expect(inFile(at)).toEqual([0, 1, 2, 3, 4]);
    at.now += 60_000;
    at.answer = accepted;
    expect(await at.trail.settle()).toBe("accepted");
    expect(at.memory.text(kept)).toBeNull();
  });

  test("it keeps so much and no more, and says how much is missing", async () => {
    const at = bench();
    at.answer = away;
    for (let n = 0; n < bounds.events + 25; n += 1) at.trail.note(event(n));
    await at.trail.settle();
    at.now += 60_000;
    at.answer = accepted;
    await at.trail.settle();
    expect(at.got).toHaveLength(bounds.events + 1);
    expect(at.got.at(-1)).toMatchObject({ kind: "lost", count: 25 });
  });

  test("without room on the disk either, it says so, and loses nothing that it can still send", async () => {
    const at = bench();
    at.answer = away;
    at.memory.fullFrom = 1;
    at.trail.note(event(1));
    expect(await at.trail.settle()).toBe("lost");
    at.now += 60_000;
    at.answer = accepted;
    expect(await at.trail.settle()).toBe("accepted");
    expect(marks(at.got)).toEqual([1]);
  });
});

describe.each([false, true])("a crash while events are kept, power cut: %s", (powerCut) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("at call %i", async (crashAt) => {
    const at = bench();
    at.answer = away;
    at.trail.note(event(1));
    await at.trail.settle();
    at.memory.crashAt = at.memory.calls + crashAt;
    at.trail.note(event(2));
    const ended = await at.trail.settle().catch((error: unknown) => error);
    at.memory.reboot(powerCut);
    at.answer = accepted;
    await at.again().settle();
    // What was kept before is there, whole; what was being kept is there or not.
    expect(marks(at.got)[0]).toBe(1);
    if (ended === "kept") expect(marks(at.got)).toEqual([1, 2]);
    else expect(ended).toBeInstanceOf(Crash);
  });
});

test("whatever lies in the place of the kept events does not stop it", async () => {
  const at = bench();
  const fd = at.memory.disk().open(kept, 0o101, 0o600);
  at.memory
    .disk()
    .write(fd, Buffer.from('\u0000\n{"kind"\n[1]\n"x"\n{"kind":"lost","count":5}\n'), 0);
  const trail = at.again();
  trail.note(event(6));
  expect(await trail.settle()).toBe("accepted");
  expect(marks(at.got).at(-1)).toBe(6);
});

test("a gateway that is not there is away, and no error", async () => {
  const post = createPost("/nowhere/gateway.sock");
  expect(await post(["{}"])).toMatchObject({ kind: "away" });
});
