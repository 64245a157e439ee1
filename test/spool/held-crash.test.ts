/**
 * The crash matrix of waiting: a task is held, and answered, timed out, released or cancelled, and the
 * machine dies at every single change of the disk, by SIGKILL and by power cut, once and twice.
 */
import { describe, expect, it } from "vitest";
import { isMutated } from "../support/mutated.ts";
import { type Course, HeldMachine, taskId } from "./support/held-machine.ts";
import { Crash } from "./support/memory-disk.ts";

const courses: readonly Course[] = [
  ...(["answered", "decided", "timed out", "released", "cancelled", "expired"] as const),
];

async function countCalls(course: Course): Promise<number> {
  const machine = new HeldMachine(course);
  await machine.live();
  machine.expectEnded("without a crash");
  return machine.memory.calls;
}

/** Every change; for the hundreds of runs of StrykerJS each fifth. */
const step = isMutated ? 5 : 1;

const kinds = courses.flatMap((course) => [false, true].map((powerCut) => ({ course, powerCut })));

describe.each(kinds)("$course, and a crash at every change (power cut: $powerCut)", (kind) => {
  const { course, powerCut } = kind;

  it("ends once, and nothing that came is lost", async () => {
    const total = await countCalls(course);
    expect(total).toBeGreaterThan(30);
    for (let at = 1; at <= total; at += step) {
      const machine = new HeldMachine(course);
      machine.memory.crashAt = at;
      await dieIn(machine);
      machine.memory.reboot(powerCut);
      const seen = machine.response();
      await machine.live();
      const context = `crash at ${at} of ${total}`;
      machine.expectEnded(context);
      if (seen !== null) expect(machine.response(), context).toBe(seen);
    }
  });

  it.skipIf(isMutated)("does so also when the recovery dies", async () => {
    const total = await countCalls(course);
    for (let at = 5; at <= total; at += 3) {
      for (let again = 1; again < 40; again += 3) {
        const machine = new HeldMachine(course);
        machine.memory.crashAt = at;
        await dieIn(machine);
        machine.memory.reboot(powerCut);
        machine.memory.crashAt = machine.memory.calls + again;
        await dieIn(machine);
        machine.memory.reboot(powerCut);
        await machine.live();
        machine.expectEnded(`crash at ${at}, then ${again}`);
      }
    }
  });
});

async function dieIn(machine: HeldMachine): Promise<void> {
  try {
    await machine.live();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

describe("a disk that fills up at any point while a task waits", () => {
  it("leaves everything where it is", async () => {
    const total = await countCalls("answered");
    for (let at = 1; at <= total; at += step) {
      const machine = new HeldMachine("answered");
      machine.memory.fullFrom = at;
      await machine.live({ mayFail: true });
      machine.memory.reboot(false);
      await machine.live();
      machine.expectEnded(`full at ${at}`);
    }
  });
});

it("names who may answer and until when", async () => {
  const machine = new HeldMachine("answered");
  await machine.arrive();
  const note = JSON.parse(machine.note() ?? "null");
  expect(note.calls).toMatchObject([
    { call: "1-1", over: null, wait_for: [{ from: "asker" }], why: "asker's answer" },
  ]);
  expect(machine.places(taskId)).toEqual(["held"]);
});

it("shows what people are asked, and takes nobody else's word for theirs", async () => {
  const machine = new HeldMachine("decided");
  await machine.arrive();
  expect(JSON.parse(machine.question() ?? "null")).toMatchObject({
    ...{ con: 1, task: taskId, state: "held", question: "go on?" },
  });
  expect(JSON.parse(machine.note() ?? "null").calls).toMatchObject([
    { wait_for: [{ from: "@people" }] },
  ]);
  await machine.live();
  machine.expectEnded("decided");
});
