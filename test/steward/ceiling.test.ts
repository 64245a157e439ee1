/** What an agent may give another one, and what is too much: one thing at a time. */
import { expect, test } from "vitest";
import { noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent } from "../../src/config/types.ts";
import { beyond } from "../../src/steward/ceiling.ts";
import { can, grant, holder, judge, limits, may, plain } from "./ceiling-support.ts";

test.each<[string, Partial<Agent>]>([
  ["nothing", {}],
  [
    "below what may be written, to read and to write",
    can({ read: ["/srv/con/artifacts/a/b"], write: ["/srv/con/artifacts/a"] }),
  ],
  ["the same host and port", can({ network: ["example.org:443"] })],
  ["the asker's own model", { model: "smart" }],
  ["models that the asker may use", can({ models: ["adviser", "smart"] })],
  ["tasks for whom the asker may give them", can({ task: ["desk"] })],
  ["less to give away", grant({ tiers: ["worker"], write: ["/srv/con/artifacts/a/b"] })],
  [
    "as much to give away, to read what may be written too",
    grant({ ...may.grant, read: ["/srv/con/artifacts/a", "/srv/con/logs/x/y"] }),
  ],
  ["a verb that the asker has", { may: { ...noMay, request: ["pause"] } }],
])("within: %s", (_, rest) => {
  expect(judge(rest)).toEqual([]);
});

test.each<[string, Partial<Agent>]>([
  ["tier operator", { tier: "operator" }],
  ["role sysadmin", { roles: ["sysadmin"] }],
  ["model dear", { model: "dear" }],
  ["can.task admin", can({ task: ["admin"] })],
  ["can.read /srv/con/logs", can({ read: ["/srv/con/logs"] })],
  ["can.write /srv/con/artifacts/ab", can({ write: ["/srv/con/artifacts/ab"] })],
  ["can.write /srv/con/logs/x", can({ write: ["/srv/con/logs/x"] })],
  ["can.network example.org:80", can({ network: ["example.org:80"] })],
  ["can.network *:443", can({ network: ["*:443"] })],
  ["can.models dear", can({ models: ["dear"] })],
  ["can.models coder", can({ models: ["coder"] })],
  ["can.tools edit_file", can({ tools: ["edit_file"] })],
  ["tool shell without approval by 2", can({ tools: ["shell"] })],
  ["tool read_file beyond its rate", can({ tools: ["read_file"] })],
  ["may.request quarantine", { may: { ...noMay, request: ["quarantine"] } }],
  ["may.propose skills", { may: { ...noMay, propose: ["skills"] } }],
  ["may.grant.tiers operator", grant({ tiers: ["operator"] })],
  ["may.grant.task *", grant({ task: ["*"] })],
  ["may.grant.read /srv/con/logs", grant({ read: ["/srv/con/logs"] })],
  ["may.grant.tools edit_file", grant({ tools: ["edit_file", "shell"] })],
  ["may.grant.network *", grant({ network: ["*"] })],
  ["may.grant.write /srv/con/artifacts", grant({ write: ["/srv/con/artifacts"] })],
  ["limits.memory 4G", { limits: { ...limits, memory: "4G" } }],
  ["limits.memory infinity", { limits: { ...limits, memory: "infinity" } }],
  ["limits.cpu much", { limits: { ...limits, cpu: "much" } }],
  ["limits.cpu 400%", { limits: { ...limits, cpu: "400%" } }],
  ["limits.tasks 257", { limits: { ...limits, tasks: 257 } }],
  ["limits.runtime 1801s", { limits: { ...limits, runtimeSeconds: 1801 } }],
  ["limits.steps 101", { limits: { ...limits, steps: 101 } }],
  [
    "budget.tokens_per_task without end (left to give: 100)",
    { budget: { ...plain.budget, tokensPerTask: null } },
  ],
])("beyond: %s", (text, rest) => {
  expect(judge(rest)).toEqual([text]);
});

test("a model that the asker has for some time is given for no longer", () => {
  const until = { "models:coder": 9 };
  expect(judge({ ...can({ models: ["coder"] }), constraints: { tools: {}, until } })).toEqual([]);
  const longer = {
    ...can({ models: ["coder"] }),
    constraints: { tools: {}, until: { "models:coder": 10 } },
  };
  expect(judge(longer)).toEqual(["can.models coder"]);
});

test("an asker whose own memory and processors are no numbers gives none", () => {
  const asker = { ...holder, limits: { ...limits, memory: "infinity", cpu: "all" } };
  expect(beyond(plain, asker, { siblings: [], defaultModel: "fast" })).toEqual([
    "limits.memory 2G",
    "limits.cpu 200%",
  ]);
});

test("an asker of an earlier version, which lacks a limit, limits nothing by it", () => {
  const { askUsdPerTask: _, ...old } = holder.budget;
  const asker = { ...holder, budget: old as AgentRuntime["budget"] };
  expect(beyond(plain, asker, { siblings: [], defaultModel: "fast" })).toEqual([]);
});
