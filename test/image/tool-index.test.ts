/**
 * An agent with every tool and a small window: what is folded away is found by `tool_details`, called through `use_tool`,
 * and held by the approval rule of the tool itself; called by its own name it is the same tool.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frontDesk, responsesOf, type ScriptedModel, scriptModel } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let model: ScriptedModel;
let agent: string;

const schema = JSON.parse(readFileSync("src/config/schema/agent.schema.json", "utf8")) as {
  readonly $defs: { readonly tool: { readonly enum: readonly string[] } };
};
/** Those of spawning come with another grant. */
const tools = schema.$defs.tool.enum.filter((name) => !name.startsWith("spawn_"));

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  ({ agent } = await frontDesk(container));
  const manifest = [
    `name: ${agent}`,
    "tier: operator",
    "description: has every tool",
    `can: {tools: [${tools.join(", ")}, forged]}`,
    "approval: [{tool: forget, when: {id: m1}}, forged]",
    "",
  ].join("\n");
  await container.copyIn(`/etc/con/agents.d/${agent}.yaml`, manifest);
  await container.must(["con", "bootstrap"]);
  const { socket } = await frontDesk(container);
  model = await scriptModel(container, { agent, socket }, "answer");
});
afterAll(() => own[Symbol.asyncDispose]());

const until = (condition: string): Promise<string> =>
  container.must([
    "/bin/sh",
    "-c",
    `n=0; until ${condition}; do n=$((n+1)); [ $n -le 600 ] || exit 9; sleep 0.1; done`,
  ]);

const use = (name: string, args: object): readonly [string, object] => [
  "use_tool",
  { name, arguments: args },
];

test("a tool that is folded away is told about, called, and held as what it is", async () => {
  const name = await model.drop([
    ["tool_details", { names: ["forget"] }],
    ["remember", { title: "door", text: "It is blue.", category: "house", kind: "fact" }],
    use("memories", {}),
    use("forget", { identifier: "m1" }),
    use("forged.nothing", {}),
    use("forget", { id: "m1", why: "it was painted" }),
  ]);
  await until(`con approvals list --json | grep -q '"pending"'`);
  const listed = JSON.parse(await container.must(["con", "approvals", "list", "--json"])) as {
    approvals: { id: string; subject: { tool: string; preview: string } }[];
  };
  expect(listed.approvals).toHaveLength(1);
  const [{ id, subject }] = listed.approvals as [(typeof listed.approvals)[0]];
  expect(subject).toMatchObject({ tool: "forget", preview: expect.stringContaining("m1") });
  expect(await responsesOf(container, agent, name)).toEqual([]);
  await container.must(["con", "approvals", "approve", id]);
  const [details, remembered, list, wrong, missing, forgot] = await model.answer(name);
  expect(details).toContain('{"name":"forget"');
  expect(remembered).toContain("m1");
  expect(list).toContain("house");
  expect(wrong).toContain("must fit this JSON Schema");
  expect(missing).toContain('there is no tool "forged.nothing"');
  expect(forgot).toContain("m1");
  const trace = await container.must(["con", "trace", name]);
  expect(trace).toContain("memories");
  expect(trace).toContain("forget");
  expect(trace).not.toContain("tool use_tool");
});

test("what no rule holds runs at once, also by its own name", async () => {
  const name = await model.drop([
    ["remember", { title: "roof", text: "It is red.", category: "house", kind: "fact" }],
    ["memories", {}],
    use("forget", { id: "m2", why: "it was painted" }),
    use("shell", { command: "echo through" }),
  ]);
  const [, list, forgot, ran] = await model.answer(name);
  expect(list).toContain("house");
  expect(forgot).toContain("m2");
  expect(ran).toContain("through");
});
