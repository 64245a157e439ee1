/**
 * A tool that one agent forged and another calls, in the booted system: nothing without a person's word, nothing of a
 * changed version, of a link, by the name of another's; and gone from all at one word.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./scripted/model.ts";
import { answerOf, dropRequest, newId } from "./support/request.ts";
import { startProvider, useProvider } from "./support/scripted.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const port = 18097;
const config = "/etc/con/con.yaml";
const homeOf = (agent: string): string => `/srv/con/agents/${agent}`;
const versions = `${homeOf("maker")}/tools/versions/fibonacci`;
const trent = "con-share-trent";

const number = { type: "integer", minimum: 0 };
const order = {
  ...{ name: "fibonacci", purpose: "The n-th Fibonacci number" },
  inputs: {
    type: "object",
    properties: { n: number },
    required: ["n"],
    additionalProperties: false,
  },
  output: { type: "object", properties: { value: number }, required: ["value"] },
  examples: [{ arguments: { n: 10 }, result: { value: 55 } }],
};
const program = {
  text: JSON.stringify({
    code: `import json, sys
n = json.load(sys.stdin)["n"]
a, b = 0, 1
for _ in range(n):
    a, b = b, a + b
print(json.dumps({"value": a}))
`,
    tests: [{ arguments_json: '{"n": 7}', result_json: '{"value": 13}' }],
    dependencies: [],
  }),
};

const calls = (name: string, args: object) => ({ tool_calls: [{ name, arguments: args }] });
const turnsOf = (when: string, name: string, args: object) => ({
  when,
  turns: [calls(name, args), { text: "ok" }],
});
const script = [
  { when: "Write the tool forged.fibonacci in", turns: [{ attempts: [program] }] },
  turnsOf("please forge", "forge_tool", order),
  turnsOf("please share", "share_tool", { name: "fibonacci", reason: "all count rabbits" }),
  turnsOf("please use", "use_tool", { name: "shared.fibonacci", arguments: { n: 12 } }),
  { when: "", turns: [{ text: "ready" }] },
];

const manifests = {
  maker: "can: {tools: [forge_tool, forged, share_tool], models: [coder]}\nmay: {propose: [tools]}",
  rival: "can: {tools: [forge_tool, forged, share_tool], models: [coder]}\nmay: {propose: [tools]}",
  buyer: "can: {tools: [shared.fibonacci]}",
  // Another one's: the category alone is in no list of this agent.
  poor: "can: {tools: [shared.other]}",
};
const manifestOf = (agent: string): string => `/etc/con/agents.d/${agent}.yaml`;

beforeAll(async () => {
  await startProvider(container, { name: "share", port, script, log: "/run/share-requests.jsonl" });
  await container.must(["useradd", "-M", "-G", "trusted", trent]);
  await container.must(["cp", "-p", config, "/run/share-con.yaml"]);
  const aliases = "\\n  coder: [builtin/reflex]\\n  maker: [builtin/reflex]";
  await container.must(["sed", "-i", `s|^models:$|models:${aliases}|`, config]);
  for (const [agent, rest] of Object.entries(manifests))
    await container.copyIn(
      manifestOf(agent),
      `name: ${agent}\ndescription: Counts\ntier: worker\nmodel: maker\n${rest}\n`,
    );
  await useProvider(container, port, "coder,maker");
});
afterAll(async () => {
  await container.must(["cp", "-p", "/run/share-con.yaml", config]);
  await container.must(["rm", ...Object.keys(manifests).map(manifestOf)]);
  await container.must(["rm", "-rf", "/srv/con/tools/versions", "/srv/con/tools/current"]);
  await container.must(["userdel", trent]);
  await container.must(["con", "bootstrap", "--prune"]);
  await container.must(["systemctl", "stop", "share-model.service"]);
});

const give = async (agent: string, text: string): Promise<string> =>
  (await container.must(["con", "task", "-a", agent, text])).trim();

/** What its tools said, once it has ended. */
async function saidIn(agent: string, id: string): Promise<string[]> {
  await until(async () => {
    const found = await container.exec(["cat", `${homeOf(agent)}/outbox/${id}.json`]);
    return found.code === 0 ? true : null;
  }, `the end of ${id}`);
  const find = ["find", homeOf(agent), "-name", `${id}.jsonl`, "-exec", "cat", "{}", "+"];
  return (await container.must(find))
    .split("\n")
    .filter((line) => line.includes('"kind":"tool-result"'))
    .map((line) => (JSON.parse(line) as { readonly text: string }).text);
}
const ask = async (agent: string, text: string): Promise<string> =>
  (await saidIn(agent, await give(agent, text)))[0] ?? "";

const asTrent = (...argv: string[]) => container.exec(["con", ...argv], { user: trent });

const waiting = (): Promise<string> =>
  until(async () => {
    const { stdout } = await asTrent("approvals", "list", "--json");
    const all = JSON.parse(stdout) as { approvals: { id: string; agent: string }[] };
    return all.approvals.find(({ agent }) => agent in manifests)?.id ?? null;
  }, "a tool that waits for a person");

/** A request as a runner that was taken over may drop it, and the steward's answer. */
async function drop(agent: string, request: object): Promise<{ status: string; error: string }> {
  return answerOf(container, await dropRequest(container, request, `a-${agent}`));
}

/** Of the form of a task or request. */

const origin = { call: "1-1", from: "trent", trust: "verified", tainted: false };
const shareOf = (agent: string, tool = "fibonacci") =>
  container
    .must(["cat", `${homeOf(agent)}/tools/current/${tool}.json`])
    .then((text) => JSON.parse(text) as { digests: Record<string, string> })
    .then(({ digests }) => ({
      verb: "share_tool",
      tool,
      revision: 1,
      sha256: digests["1"],
      task: newId(),
      ...origin,
    }));

test("forged, shared, read and approved by a person, called by another agent", async () => {
  expect(await ask("maker", "please forge")).toContain("forged.fibonacci version 1 is there");
  const task = await give("maker", "please share");
  const id = await waiting();
  expect(await ask("buyer", "please use")).toContain('there is no tool "shared.fibonacci"');
  const { stdout: shown } = await asTrent("approvals", "show", id);
  expect(shown).toContain("share its tool fibonacci, version 1");
  expect(shown).toContain("  +     a, b = b, a + b\n");
  expect(shown).toMatch(/^tried {4}static checks: nothing/m);
  const user = "a-maker";
  const self = await container.exec(["con", "approvals", "approve", id], { user });
  expect(self.code).toBe(77);
  expect(await drop("maker", { verb: "approve", approval: id })).toMatchObject({
    status: "refused",
  });
  expect(await asTrent("approvals", "approve", id)).toMatchObject({ code: 0, stderr: "" });
  expect((await saidIn("maker", task))[0]).toContain(`undo: con proposal rollback ${id}`);
  expect(await ask("buyer", "please use")).toBe('{"value":144}');
  expect(await ask("poor", "please use")).toContain("denied (not_granted)");
  const looks = await container.exec(["ls", "/srv/con/tools"], { user: "a-rival" });
  expect(looks.stderr).toContain("Permission denied");
  const writes = await container.exec(["touch", "/srv/con/tools/x"], { user: "a-buyer" });
  expect(writes.code).not.toBe(0);
});

test("people list, show, test, take back and bring back", async () => {
  const { stdout } = await asTrent("tool", "list", "--shared", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    tools: [{ name: "fibonacci", version: 1, owner: "maker", trouble: null }],
  });
  const show = await asTrent("tool", "show", "fibonacci", "--shared");
  expect(show.stdout).toContain("a, b = b, a + b");
  const tested = await container.exec(
    ["con", "tool", "test", "fibonacci", "--shared", "--agent", "buyer", "--json"],
    {},
  );
  expect(JSON.parse(tested.stdout)).toMatchObject({ tool: "fibonacci", tests: 2, failures: [] });
  expect(await container.must(["con", "verify"])).toBe("no drift\n");
  expect(await asTrent("tool", "unshare", "fibonacci", "--why", "wrong")).toMatchObject({
    code: 0,
  });
  expect(await ask("buyer", "please use")).toContain('there is no tool "shared.fibonacci"');
  expect(await asTrent("tool", "rollback", "fibonacci", "--shared")).toMatchObject({ code: 0 });
  expect(await ask("buyer", "please use")).toBe('{"value":144}');
});

test("a changed version, another digest, a link, another's name: refused, each beside what is right", async () => {
  const right = await shareOf("maker");
  const fails = async (why: string, change: string, back: string): Promise<void> => {
    await container.must(["/bin/sh", "-c", change]);
    const answer = await drop("maker", right);
    await container.must(["/bin/sh", "-c", back]);
    expect(answer).toMatchObject({ status: "refused", error: expect.stringContaining(why) });
  };
  // Shared no more, so that what is right would wait for people.
  await asTrent("tool", "unshare", "fibonacci");
  const keep = `cp -a ${versions}/1 /run/share-kept`;
  const back = `rm -rf ${versions}/1 && mv /run/share-kept ${versions}/1`;
  const broken = "not those of that digest";
  await fails(broken, `${keep} && echo '# x' >> ${versions}/1/code`, back);
  const link = `rm ${versions}/1/tool.json && ln -s /etc/shadow ${versions}/1/tool.json`;
  await fails("tool.json: it is a link", `${keep} && ${link}`, back);
  const way = `mv ${versions}/1 /srv/con/agents/maker/workspace/x && ln -s ../../../workspace/x ${versions}/1`;
  await fails("it is a link, or lies behind one", `${keep} && ${way}`, back);
  const wrong = await drop("maker", { ...right, sha256: "0".repeat(64) });
  expect(wrong.error).toContain("another version 1");
  expect(await ask("rival", "please forge")).toContain("forged.fibonacci version 1 is there");
  expect((await drop("rival", await shareOf("rival"))).error).toContain("is of maker");
  const task = await give("maker", "please share");
  const id = await waiting();
  await container.must(["con", "approvals", "deny", id, "--why", "once is enough"]);
  expect((await saidIn("maker", task))[0]).toContain("denied by root: once is enough");
});

test("what was changed behind root's back does not run", async () => {
  await asTrent("tool", "rollback", "fibonacci", "--shared", "--to", "1");
  expect(await ask("buyer", "please use")).toBe('{"value":144}');
  const code = "/srv/con/tools/versions/fibonacci/1/code";
  await container.must(["sed", "-i", "s/a + b/a - b/", code]);
  expect(await ask("buyer", "please use")).toContain("shared.fibonacci");
  const verify = await container.exec(["con", "verify"]);
  expect(`${verify.stdout}${verify.stderr}`).toContain("version 1 is not what was registered");
  expect(verify.code).toBe(1);
  const { stdout } = await asTrent("tool", "list", "--shared");
  expect(stdout).toContain("version 1 is not what was registered");
});
