/** The loop under its real unit: a runner killed between any two steps, and one answer at the end. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  frontDesk,
  responsesOf,
  type ScriptedModel,
  scriptModel,
  until,
  type Where,
} from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let where: Where;
let model: ScriptedModel;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  where = await frontDesk(container);
  model = await scriptModel(container, where, "hang");
});
afterAll(() => own[Symbol.asyncDispose]());

const workspace = () => `/srv/con/agents/${where.agent}/workspace`;

describe("a three-step task", () => {
  it("survives kill -9 before every step: one response, no call twice", async () => {
    const log = `${workspace()}/kill-log`;
    await container.must(["rm", "-f", log]);
    const step = (n: number) => ["shell", { command: `echo step-${n} >> ${log}` }] as const;
    const name = await model.drop([step(1), step(2), step(3)]);
    for (const at of [0, 1, 2, 3]) {
      const line = `hanging ${at}`;
      await until(async () => ((await model.log()).includes(line) ? true : null), line);
      await container.must(["systemctl", "kill", "--signal=KILL", `con@${where.agent}.service`]);
    }
    expect(await model.answer(name)).toHaveLength(3);
    expect(await container.must(["cat", log])).toBe("step-1\nstep-2\nstep-3\n");
    expect(await responsesOf(container, where.agent, name)).toHaveLength(1);
    await container.must(["rm", log]);
  });

  it("ran as the agent's own user", async () => {
    const state = `/srv/con/agents/${where.agent}/state/journal`;
    const owners = await container.must([
      "find",
      state,
      "-name",
      "*scripted*",
      "-printf",
      "%u %m\n",
    ]);
    expect(new Set(owners.trim().split("\n"))).toEqual(new Set([`a-${where.agent} 600`]));
  });
});
