import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import type { StreamModel } from "../../../src/model/types.ts";
import type { Task } from "../../../src/task/task.ts";
import { call } from "../../agent/support/scripted.ts";
import {
  agentWith,
  answerOf,
  at,
  cached,
  countingModel,
  database,
  deskWith,
  looksOf,
  question,
  taskOf,
  useDesk,
} from "../support/cascade-desk.ts";

useDesk();

describe("the cache", () => {
  it("answers the same principal once more without the model, and nobody else", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    const first = await give(taskOf(question));
    const again = taskOf(question, 7);
    expect(await give(again)).toMatchObject({
      kind: "done",
      answer: answerOf(first),
      tally: { model: "cache/exact", costUsd: 0 },
    });
    expect(looksOf(again)).toEqual(["exact hit"]);
    expect(requests).toHaveLength(1);
    const stranger = taskOf(question, 1000);
    await give(stranger);
    expect(looksOf(stranger)).toEqual(["exact miss", "semantic miss"]);
    await give(taskOf(question, 1001));
    expect(requests).toHaveLength(3);
    expect(fs.statSync(database()).mode & 0o777).toBe(0o600);
  });

  it("answers a text that is like it, and none that asks for something else", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    const alike = taskOf("what is the capital of france called");
    await give(alike);
    expect(looksOf(alike)).toEqual(["exact miss", "semantic hit"]);
    await give(taskOf("What is the capital of Norway called?"));
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["other instructions", { instructions: "Be rude." }],
    [
      "other tools",
      { agent: () => agentWith(cached, { can: { ...agentWith(null).can, tools: [] } }) },
    ],
  ])("forgets with %s", async (_, change) => {
    const { model, requests } = countingModel();
    await deskWith(cached, model)(taskOf(question));
    const { agent, ...rest } = change as { agent?: () => AgentRuntime };
    const world = agent === undefined ? rest : { agent: agent() };
    await deskWith(cached, model, world)(taskOf(question));
    expect(requests).toHaveLength(2);
  });

  it("does not tell one trusted person who another is", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    for (const uid of [0, 7, 0]) await give(taskOf("Who am I, for you?", uid));
    expect(requests).toHaveLength(2);
  });

  it("forgets with time, and by number", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    at.now += 3_600_000;
    await give(taskOf(question));
    expect(requests).toHaveLength(2);
    const small = deskWith(
      { ...cached, cache: { exact: true, semantic: null, ttlSeconds: 60, max: 2 } },
      model,
    );
    for (const word of ["apple", "banana", "cherry"])
      await small(taskOf(`What is a ${word} made of?`));
    await small(taskOf("What is a apple made of?"));
    expect(requests).toHaveLength(2 + 3 + 1);
  });

  it("keeps nothing of a task that used a tool, or has a thread", async () => {
    const used = countingModel({ calls: [call("agents", {})] });
    const give = deskWith(cached, used.model);
    await give(taskOf(question));
    await give(taskOf(question));
    expect(used.requests).toHaveLength(4);
    const { model, requests } = countingModel();
    const threaded = (): Task => {
      const task = taskOf(question);
      return { ...task, request: { ...task.request, thread: "t" } };
    };
    const talk = deskWith(cached, model);
    await talk(threaded());
    await talk(threaded());
    expect(requests).toHaveLength(2);
  });

  it("never gives a principal what another was told, whoever asks what and when", async () => {
    const uid = fc.constantFrom(0, 7, 1000, 1001, 1002);
    const text = fc.constantFrom(
      question,
      question.toLowerCase(),
      "Which colour has the sky on Mars?",
    );
    const ask = fc.record({ uid, text, wait: fc.integer({ min: 0, max: 4_000_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 2, maxLength: 8 }), async (asks) => {
        fs.rmSync(database(), { force: true });
        const model: StreamModel = async function* ({ messages }) {
          const told = /user user-(\d+)/.exec(String(messages[1]?.content))?.[1] ?? "";
          const whose = told === "0" || told === "7" ? "trusted" : told;
          const reply = `This was said to ${whose} and to nobody else.`;
          const usage = { input: 1, output: 1 };
          yield {
            kind: "reply",
            reply: { text: reply, toolCalls: [], model: "m", usage, costUsd: 0 },
          };
        };
        const give = deskWith(cached, model);
        for (const one of asks) {
          at.now += one.wait;
          const whose = one.uid === 0 || one.uid === 7 ? "trusted" : String(one.uid);
          const answer = answerOf(await give(taskOf(one.text, one.uid)));
          expect(answer).toBe(`This was said to ${whose} and to nobody else.`);
        }
      }),
      { numRuns: 25 },
    );
  });
});
