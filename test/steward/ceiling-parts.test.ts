/** What an agent may give another one, part by part: who is asked, what is shared, what people alone give. */
import { expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { noMay } from "../../src/config/authority.ts";
import { defaultRetention } from "../../src/config/retention.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent, May, McpServer } from "../../src/config/types.ts";
import { beyond, maxChildren } from "../../src/steward/ceiling.ts";
import { can, grant, holder, judge, may, plain } from "./ceiling-support.ts";

test("an asker that may give all of a kind gives whatever there is of it, and nothing else", () => {
  const all = { ...may.grant, task: ["*"], network: ["*"], tools: ["*"] };
  const asker = { ...holder, approval: [], may: { ...may, grant: all } };
  const of = (agent: Partial<Agent>, from: AgentRuntime = asker): string[] =>
    beyond({ ...plain, ...agent }, from, { siblings: [], defaultModel: "fast" });
  const wanted = { task: ["x"], network: ["*:1", "a:2"], tools: ["edit_file"] };
  expect(of(can(wanted))).toEqual([]);
  expect(of(grant({ task: ["*"], network: ["*"], tools: ["*"] }))).toEqual([]);
  const read = { read: ["/srv/con/logs/y"], write: ["/srv/con/artifacts/b"] };
  expect(of(can(read))).toEqual(["can.read /srv/con/logs/y", "can.write /srv/con/artifacts/b"]);
  const two = { ...asker, may: { ...may, grant: { ...may.grant, network: ["a:1", "b:2"] } } };
  expect(of(can({ network: ["b:2"] }), two)).toEqual([]);
});

test("an asker with several tiers and proposals gives each of them, and no other", () => {
  const grants = { ...may.grant, tiers: ["worker", "officer"] as const };
  const asker = {
    ...holder,
    may: { ...may, propose: ["skills", "tools"] as const, grant: grants },
  };
  const of = (propose: NonNullable<May["propose"]>, tiers: May["grant"]["tiers"]): string[] =>
    beyond({ ...plain, may: { request: [], propose, grant: { ...noMay.grant, tiers } } }, asker, {
      siblings: [],
      defaultModel: "fast",
    });
  expect(of(["tools"], ["officer"])).toEqual([]);
  expect(of(["contracts", "skills"], ["worker", "operator"])).toEqual([
    "may.propose contracts",
    "may.grant.tiers operator",
  ]);
});

test("tools that come with can.spawn are free with it only, and no other is", () => {
  const tools = can({ tools: ["spawn_agent", "edit_file"] });
  expect(judge(tools)).toEqual(["can.tools spawn_agent", "can.tools edit_file"]);
  expect(judge({ ...tools, spawn: { roles: [], depth: 0, live: 0 } })).toEqual([
    "can.tools edit_file",
  ]);
});

test("no model is given by an asker whose file is of an earlier version, which lacks the list", () => {
  const { models: _, ...old } = holder.can;
  const asker = { ...holder, can: old as AgentRuntime["can"], constraints: undefined as never };
  const family = { siblings: [], defaultModel: "fast" };
  expect(beyond({ ...plain, ...can({ models: ["coder"] }) }, asker, family)).toEqual([
    "can.models coder",
  ]);
});

test("an approval by fewer people is none", () => {
  const approval = [{ tool: "shell", approvers: 1, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval })).toHaveLength(1);
  const enough = [{ tool: "shell", approvers: 2, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: enough })).toEqual([]);
  const other = [{ tool: "reply", approvers: 2, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: other })).toHaveLength(1);
});

test("an approval under a condition is none where every call waits; the same condition is one", () => {
  const when = (glob: string) => ({ command: { globs: [glob] } });
  const rule = { tool: "shell", approvers: 2, expirySeconds: 60 };
  const narrow = [{ ...rule, when: when("rm *") }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: narrow })).toHaveLength(1);
  const holding = { ...holder, approval: narrow };
  const beside = (approval: Agent["approval"]): string[] =>
    beyond({ ...plain, ...can({ tools: ["shell"] }), approval }, holding, {
      siblings: [],
      defaultModel: "fast",
    });
  expect(beside(narrow)).toEqual([]);
  expect(beside([rule])).toEqual([]);
  const other = [{ ...rule, when: when("rm -r *") }];
  expect(beside(other)).toEqual(["tool shell without approval by 2 under the same when"]);
});

test("what a task spends waits for as many people there as here", () => {
  const spend = { tool: "spend", approvers: 2, expirySeconds: 60 };
  const holding = { ...holder, approval: [spend] };
  const family = { siblings: [], defaultModel: "fast" };
  expect(beyond(plain, holding, family)).toEqual(["tool spend without approval by 2"]);
  expect(beyond({ ...plain, approval: [spend] }, holding, family)).toEqual([]);
});

test("people are asked there after no more money than here", () => {
  const asking = { ...holder, budget: { ...holder.budget, askUsdPerTask: 2 } };
  const judged = (askUsdPerTask: number | null): string[] => {
    const agent = { ...plain, budget: { ...plain.budget, askUsdPerTask } };
    return beyond(agent, asking, { siblings: [plain], defaultModel: "fast" });
  };
  expect([judged(2), judged(0.5)]).toEqual([[], []]);
  expect(judged(2.5)).toEqual(["budget.ask_usd_per_task 2.5 (left to give: 2)"]);
  expect(judged(null)).toEqual(["budget.ask_usd_per_task without end (left to give: 2)"]);
});

test("what is counted by the day is shared by all that were commissioned, and they are counted", () => {
  expect(judge({}, [plain])).toEqual([]);
  expect(judge({}, [plain, plain])).toEqual(["budget.tokens_per_day 500 (left to give: 0)"]);
  const cheap = { ...plain, budget: { ...plain.budget, tokensPerDay: 1 } };
  const many = Array.from({ length: maxChildren }, () => cheap);
  expect(judge({}, many)).toEqual([`more than ${maxChildren} agents of its own`]);
});

test("agents that may spawn come only from one that may, within its roles, generations and numbers", () => {
  const right = { roles: ["helper"], depth: 2, live: 4 };
  const spawning = (spawn: Agent["spawn"], own: AgentRuntime["spawn"], approval = plain.approval) =>
    beyond(
      { ...plain, ...can({ tools: ["spawn_agent", "spawn_agents"] }), spawn, approval },
      {
        ...holder,
        spawn: own ?? null,
        approval: [{ tool: "spawn", approvers: 1, expirySeconds: 9 }],
      },
      { siblings: [], defaultModel: "fast" },
    );
  const asked = [{ tool: "spawn", approvers: 1, expirySeconds: 9 }];
  const family = { siblings: [], defaultModel: "fast" };
  expect(spawning(right, right, asked)).toEqual([]);
  expect(spawning(right, right)).toEqual(["tool spawn without approval by 1"]);
  const one = can({ tools: ["spawn_agents"] });
  const asker = { ...holder, spawn: right, approval: asked };
  expect(beyond({ ...plain, ...one, spawn: right }, asker, family)).toEqual([
    "tool spawn without approval by 1",
  ]);
  expect(spawning(right, null, asked)).toEqual([
    "can.spawn.roles helper",
    "can.spawn.depth 2",
    "can.spawn.live 4",
  ]);
  expect(spawning({ roles: ["helper", "x"], depth: 3, live: 5 }, right, asked)).toEqual([
    "can.spawn.roles x",
    "can.spawn.depth 3",
    "can.spawn.live 5",
  ]);
});

test("a category may be given away in parts, and takes along what is asked or counted of it", () => {
  const { grant } = may;
  const asker = {
    ...holder,
    may: { ...may, grant: { ...grant, tools: ["forged", "mcp.files.read"] } },
    approval: [{ tool: "forged.a", approvers: 1, expirySeconds: 60 }],
    constraints: {
      ...holder.constraints,
      tools: { "forged.b": { perMinute: 1, uses: 1, until: 1 } },
    },
  } as unknown as AgentRuntime;
  const wanted = (tools: readonly string[]): string[] =>
    beyond({ ...plain, can: { ...plain.can, tools } }, asker, {
      siblings: [],
      defaultModel: "fast",
    });
  expect(wanted(["forged.c", "mcp.files.read"])).toEqual([]);
  expect(wanted(["mcp.files", "mcp.files.write"])).toEqual([
    "can.tools mcp.files",
    "can.tools mcp.files.write",
  ]);
  expect(wanted(["forged"]).join()).toContain("tool forged.a without approval by 1");
  expect(wanted(["forged"]).join()).toContain("tool forged.b beyond its rate");
});

test("for how long traces are kept, and how much, is for people to say, longer or shorter", () => {
  expect(judge({ retention: { ...defaultRetention, journalDays: 1 } })).toEqual(["retention"]);
  expect(judge({ archive: { ...defaultArchive, versionsPerFile: 1 } })).toEqual(["archive"]);
});

test("which program does the work is for people to say, and a graphics processor comes from one that has it", () => {
  const runner = {
    argv: ["/usr/bin/cat"],
    input: "text",
    environment: {},
    files: {},
    models: false,
  } as const;
  expect(judge({ runner })).toEqual(["runner"]);
  expect(judge({ gpu: true })).toEqual(["gpu"]);
  const rich = beyond(
    { ...plain, gpu: true },
    { ...holder, gpu: true },
    {
      siblings: [],
      defaultModel: "fast",
    },
  );
  expect(rich).toEqual([]);
});

test("MCP servers are given only as the asker has them", () => {
  const rest = { env: {}, credentials: {}, timeoutSeconds: 60 };
  const files: McpServer = { kind: "command", command: ["/bin/x"], ...rest };
  const own = { ...holder, mcp: { files } };
  const family = { siblings: [], defaultModel: "fast" };
  const of = (mcp: Agent["mcp"] & object) => beyond({ ...plain, mcp }, own, family);
  expect(of({ files })).toEqual([]);
  expect(of({ files: { ...files, credentials: { KEY: "wiki" } } })).toEqual(["mcp files"]);
  expect(of({ other: files })).toEqual(["mcp other"]);
});
