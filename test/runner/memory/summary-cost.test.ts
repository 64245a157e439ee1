/** What a summary of a thread costs is on the account of the task that it was made for, also when it was refused. */
import { expect, it } from "vitest";
import { fold } from "../../../src/agent/resume.ts";
import { createBench, scriptedModel } from "../../agent/support/scripted.ts";
import { bed, signal } from "./world.ts";

const at = bed();
const thread = { thread: "long" };

it("is in the tally of that task, of no other, and outlives a resume", async () => {
  for (let n = 0; n < 8; n += 1) {
    const memory = at.memory();
    const task = at.trusted(`turn ${n} ${"x".repeat(1500)}`, thread);
    memory.begun(task);
    at.ended(task, `answer ${n}`);
    await memory.settle();
  }
  const bad = { text: '{"summary":""}', costUsd: 0.5 };
  const good = { text: '{"summary":"They counted."}', costUsd: 1 };
  const memory = at.memory([bad, good]);
  const sections = await memory.background(at.trusted("x", thread), signal);
  expect(sections.flatMap(({ usage }) => usage ?? [])).toEqual([
    { input: 20, output: 10, costUsd: 1.5 },
  ]);
  const bench = createBench(scriptedModel([{ text: "done" }]));
  const ended = await bench.run({ background: () => sections });
  const sum = { costUsd: 1.75, tokens: { input: 30, output: 15 }, steps: 1 };
  expect(ended).toMatchObject({ kind: "done", tally: sum });
  expect(fold(bench.lines).tally).toMatchObject(sum);
  const next = await memory.background(at.trusted("y", thread), signal);
  expect(next.flatMap(({ usage }) => usage ?? [])).toEqual([]);
});
