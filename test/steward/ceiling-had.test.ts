/** What people gave an agent stays when the one that commissioned it rewrites the manifest; no bound of it gets looser. */
import { describe, expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { noMay } from "../../src/config/authority.ts";
import { defaultRetention } from "../../src/config/retention.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent, ApprovalRule, Constraints, McpServer } from "../../src/config/types.ts";
import { beyond } from "../../src/steward/ceiling.ts";
import { nothing, parent } from "../config/support/child.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

const { limits } = parent();
const scribe = parent({ name: "scribe", tier: "worker", model: "fast" });
const grant = { ...noMay.grant, tiers: ["worker" as const] };
const admin = agentRuntime({ model: "fast", limits, may: { ...noMay, grant } });
const family = { siblings: [], defaultModel: "fast" };

const rewritten = (before: Partial<Agent>, after: Partial<Agent>, holder: AgentRuntime = admin) =>
  beyond({ ...scribe, ...after }, holder, family, { ...scribe, ...before });

const can = (of: Partial<Agent["can"]>) => ({ can: { ...nothing, ...of } });
const bounded = (of: Partial<Constraints>) => ({ constraints: { tools: {}, until: {}, ...of } });
const rule = (tool: string, approvers: number): ApprovalRule => ({
  ...{ tool, approvers, expirySeconds: 60 },
});
const asked = (...approval: ApprovalRule[]) => ({ approval });
const files: McpServer = {
  ...{ kind: "command", command: ["/bin/files"], env: {}, credentials: {}, timeoutSeconds: 60 },
};
const keys: McpServer = { ...files, credentials: { KEY: "wiki" } };
const runner = (program: string): Agent["runner"] & object => ({
  ...{ argv: [program], input: "text", environment: {}, files: {}, models: false },
});
const uses = (n: number) => ({ perMinute: null, uses: n, until: null });

/** The words, what people gave, what its asker makes of it. */
const looser: readonly [string, Partial<Agent>, Partial<Agent>][] = [
  ["can.task desk", { ...can({ task: ["desk"] }), ...bounded({ until: { "task:desk": 9 } }) }, {}],
  ["can.read /l", { ...can({ read: ["/l"] }), ...bounded({ until: { "read:/l": 9 } }) }, {}],
  ["can.write /l", { ...can({ write: ["/l"] }), ...bounded({ until: { "write:/l": 9 } }) }, {}],
  [
    "can.network a:1",
    { ...can({ network: ["a:1"] }), ...bounded({ until: { "network:a:1": 9 } }) },
    {},
  ],
  [
    "can.models dear",
    { ...can({ models: ["dear"] }), ...bounded({ until: { "models:dear": 9 } }) },
    {},
  ],
  [
    "can.tools shell",
    { ...can({ tools: ["shell"] }), ...bounded({ tools: { shell: uses(3) } }) },
    {},
  ],
  ["can.tools forged.a", { ...can({ tools: ["forged.a"] }), ...asked(rule("forged", 2)) }, asked()],
  [
    "can.spawn.live 9",
    { spawn: { roles: [], depth: 0, live: 9 }, ...asked(rule("spawn", 2)) },
    asked(),
  ],
  ["mcp files", { mcp: { files } }, { mcp: { files: keys } }],
  ["runner", { runner: runner("/usr/bin/a") }, { runner: runner("/usr/bin/b") }],
];

describe("what people gave beyond the asker's own", () => {
  test.each(looser)("stays as it is: %s", (_, before) => {
    expect(rewritten(before, before)).toEqual([]);
    expect(rewritten(before, { ...before, instructions: "other words" })).toEqual([]);
  });

  test.each(looser)("does not come back looser: %s", (text, before, change) => {
    const free = Object.keys(change).length === 0 ? bounded({}) : change;
    expect(rewritten(before, { ...before, ...free })).toEqual([text]);
  });

  test.each(looser.filter(([text]) => text !== "runner"))("may be taken: %s", (_, before) => {
    expect(rewritten(before, {})).toEqual([]);
  });
});

test("a tool that people let it use more often gets no further", () => {
  const most = { ...uses(2), perMinute: 5 };
  const holder = { ...admin, ...bounded({ tools: { shell: most } }) };
  const all = { ...holder, may: { ...noMay, grant: { ...grant, tools: ["*"] } } };
  const of = (perMinute: number) => ({
    ...can({ tools: ["shell"] }),
    ...bounded({ tools: { shell: { ...most, perMinute } } }),
  });
  expect(rewritten(of(10), of(10), all)).toEqual([]);
  expect(rewritten(of(10), of(5), all)).toEqual([]);
  expect(rewritten(of(10), of(11), all)).toEqual(["tool shell beyond its rate"]);
});

test("a tool about which people ask fewer people there is not asked about by none", () => {
  const all = { ...grant, tools: ["*"] };
  const holder = { ...admin, may: { ...noMay, grant: all }, approval: [rule("shell", 2)] };
  const of = (...rules: ApprovalRule[]) => ({ ...can({ tools: ["shell"] }), ...asked(...rules) });
  const text = "tool shell without approval by 2";
  expect(rewritten(of(rule("shell", 1)), of(rule("shell", 1)), holder)).toEqual([]);
  expect(rewritten(of(rule("shell", 1)), of(rule("shell", 2)), holder)).toEqual([]);
  expect(rewritten(of(rule("shell", 1)), of(), holder)).toEqual([text]);
});

test("a rule about a tool that the asker may give anyway is no bound of another one", () => {
  const before = { ...can({ tools: ["shell"] }), ...asked(rule("shell", 1), rule("reply", 1)) };
  expect(rewritten(before, { ...before, ...asked(rule("shell", 1)) })).toEqual([]);
});

test("how much of it is kept, and which program does its work, is not to be taken back", () => {
  const before = {
    retention: { ...defaultRetention, journalDays: 999 },
    archive: { ...defaultArchive, versionsPerFile: 99 },
    runner: runner("/usr/bin/a"),
  };
  expect(rewritten(before, before)).toEqual([]);
  expect(rewritten(before, {})).toEqual(["retention", "archive", "runner"]);
});
