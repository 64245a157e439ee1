/**
 * The crash matrix of a model call that waits for people: the machine dies at every single change of the disk, by
 * SIGKILL and by power cut, and goes on.
 */
import { describe, expect, it } from "vitest";
import { requestOf } from "../../src/task/codec.ts";
import { Crash } from "../spool/support/memory-disk.ts";
import { type Course, controlId, me, SpendMachine, taskId } from "./support/spend-machine.ts";

const courses: readonly Course[] = ["approved", "denied", "nobody"];
const kinds = courses.flatMap((course) => [false, true].map((powerCut) => ({ course, powerCut })));

async function whole(course: Course): Promise<SpendMachine> {
  const machine = new SpendMachine(course);
  await machine.live();
  machine.expectEnded("without a crash");
  return machine;
}

describe.each(kinds)("$course, and a crash at every change (power cut: $powerCut)", (kind) => {
  const { course, powerCut } = kind;
  it("asks once, ends once, and pays for nothing without a word", async () => {
    const total = (await whole(course)).memory.calls;
    expect(total).toBeGreaterThan(60);
    for (let at = 1; at <= total; at += 1) {
      const machine = new SpendMachine(course);
      machine.memory.crashAt = at;
      await dieIn(machine);
      machine.memory.reboot(powerCut);
      // People may have been quicker than the restart.
      if (at % 2 === 0) machine.decide();
      const seen = machine.response();
      await machine.live();
      const context = `crash at ${at} of ${total}`;
      machine.expectEnded(context);
      if (seen !== null) expect(machine.response(), context).toBe(seen);
    }
  });
});

async function dieIn(machine: SpendMachine): Promise<void> {
  try {
    await machine.live();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

it("is held with the question in its note, and calls the model no more", async () => {
  const machine = new SpendMachine("nobody");
  machine.send(requestOf("work"), taskId);
  await machine.session();
  await machine.session();
  expect(machine.answered).toEqual([0]);
  expect(machine.memory.names(me.queue.held)).toContain(`${taskId}.task`);
  const note = JSON.parse(machine.memory.text(`${me.queue.held}/${taskId}.wait.json`) ?? "null");
  expect(note.calls).toMatchObject([{ call: "2-model", over: null, wait_for: [{ from: "root" }] }]);
  expect(machine.journal()).toContain('"kind":"model-hold"');
});

it("goes on with other tasks meanwhile", async () => {
  const machine = new SpendMachine("nobody");
  machine.send(requestOf("work"), taskId);
  await machine.session();
  machine.send(requestOf("more work"), controlId);
  await machine.session();
  expect(machine.answered).toEqual([0, 0]);
  expect(machine.questions.size).toBe(0);
  machine.decide();
  expect(machine.questions.size).toBe(2);
});

it("is asked about anew when a person says that the task is to be tried again", async () => {
  const machine = await whole("denied");
  machine.course = "approved";
  machine.send(requestOf("", { control: { verb: "retry", id: taskId } }), controlId);
  await machine.live();
  expect(machine.response()).toBe("the end\n");
  expect([...machine.questions.values()].map(({ slice }) => slice)).toEqual([1, 1, 2]);
});
