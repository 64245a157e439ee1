/** Grants of tools that con does not ship: what may be written, what it covers, what goes down to a temporary agent. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import { childAgent } from "../../src/config/child.ts";
import { noConstraints } from "../../src/config/grants.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { narrowerTool, toolCovers, toolsMeet } from "../../src/config/tool-groups.ts";
import type { Agent, Role, ToolConstraint } from "../../src/config/types.ts";
import { ruleFor } from "../../src/config/when.ts";

const system = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";

/** Of no use but to be named. */
const mcp = "{files: {command: [/bin/false]}, web-2: {command: [/bin/false]}}";

function parse(tools: string, approval = "[]", may = "{}") {
  const text = `name: concierge\ntier: worker\ndescription: d\ncan: {tools: ${tools}}\nmcp: ${mcp}\napproval: ${approval}\nmay: ${may}\n`;
  const { config, problems } = parseConfig({
    system: { path: "con.yaml", text: system },
    agents: [{ path: "agents.d/concierge.yaml", text }],
  });
  return {
    agent: config?.agents[0],
    problems: problems.map(({ why, remedy }) => `${why}: ${remedy}`),
  };
}

describe("can.tools", () => {
  test("names a source, a server, or one tool of them", () => {
    const { agent, problems } = parse(
      "[shell, forged, forged.count_words, mcp.files, {mcp.web-2.fetchPage: {uses: 3}}]",
      "[forged.count_words, {tool: mcp.files.delete, approvers: 2}, mcp.web-2]",
      "{grant: {tools: [mcp.files.read]}}",
    );
    expect(problems).toEqual([]);
    expect(agent?.can.tools).toEqual([
      ...["shell", "forged", "forged.count_words", "mcp.files", "mcp.web-2.fetchPage"],
    ]);
    expect(agent?.constraints.tools["mcp.web-2.fetchPage"]?.uses).toBe(3);
    expect(agent?.approval.map(({ tool }) => tool)).toContain("mcp.files.delete");
  });

  test.each([
    "mcp",
    "mcp.",
    "mcp.Files",
    "forged.",
    "forged.a b",
    "mcp.a/../b",
    "mcp.x.y z",
    "box.a",
  ])("never %s", (name) => {
    const { problems } = parse(`[${JSON.stringify(name)}]`);
    expect(problems[0]).toContain(`${JSON.stringify(name)} does not fit`);
    const [, of = ""] = /^(forged|mcp)/.exec(name) ?? [];
    expect(problems[0]).toContain(of === "" ? "one of shell" : "mcp.SERVER.TOOL");
  });

  test("has no rule for what it does not meet", () => {
    expect(parse("[forged.a]", "[forged.b]").problems[0]).toContain(
      "the agent has no tool forged.b",
    );
    expect(parse("[forged.a]", "[forged]").problems).toEqual([]);
  });
});

test("a category covers its tools and nothing else", () => {
  expect(toolCovers("forged", "forged.a")).toBe(true);
  expect(toolCovers("mcp.files", "mcp.files.read")).toBe(true);
  for (const [grant, tool] of [
    ["forged", "forgedx.a"],
    ["mcp.files", "mcp.files2.read"],
    ["mcp", "mcp.files.read"],
    ["mcp.files.read", "mcp.files.read.all"],
    ["forged.a", "forged"],
    ["shell", "shell.a"],
  ] as const)
    expect(toolCovers(grant, tool), `${grant} ${tool}`).toBe(false);
  const name = fc.constantFrom("shell", "forged", "forged.a", "mcp.x", "mcp.x.a", "mcp.y.a");
  fc.assert(
    fc.property(name, name, (one, other) => {
      const both = narrowerTool(one, other);
      expect(both).toBe(narrowerTool(other, one));
      expect(both !== null).toBe(toolsMeet(one, other));
      if (both !== null)
        expect([toolCovers(one, both), toolCovers(other, both)]).toEqual([true, true]);
    }),
  );
});

test("a rule about a category is one about each of its tools", () => {
  const rule = (tool: string) => ({ tool, approvers: 2, expirySeconds: 60 });
  const asked = (tool: string) => ruleFor([rule("mcp.files")], tool, { args: {} });
  expect(asked("mcp.files.read")).toMatchObject({ approvers: 2 });
  expect(asked("mcp.files2.read")).toBeNull();
});

describe("a temporary agent", () => {
  const bounds = (of: Partial<ToolConstraint>) => ({
    ...{ perMinute: null, uses: null, until: null },
    ...of,
  });
  const can = (tools: readonly string[]) => ({
    ...{ task: [], read: [], write: [], network: [], tools, models: [] },
  });
  const childOf = (
    held: readonly string[],
    {
      tools = {},
      approval = [] as string[],
      share = {},
      wanted = undefined as string[] | undefined,
    },
  ) =>
    childAgent({
      name: "spawn-abcdefgh",
      parent: {
        ...{ name: "boss", description: "d", tier: "officer", roles: [], model: "smart" },
        ...{ can: can(held), constraints: { ...noConstraints, tools }, spawn: null, may: noMay },
        approval: approval.map((tool) => ({ tool, approvers: 1, expirySeconds: 60 })),
        budget: noBudget,
        limits: { memory: "2G", cpu: "200%", tasks: 256, runtimeSeconds: 1800, steps: 100 },
        ...{ schedule: null, instructions: "" },
      } as Agent,
      role: {
        ...{ description: "helps", model: null, can: can(["*"]), spawn: null, approval: [] },
        limits: { memory: null, cpu: null, tasks: null, runtimeSeconds: null, steps: null },
      } as unknown as Role,
      order: {
        ...{ role: "helper", goal: "g", findings: null, share, usd: null, tokens: null },
        can: wanted === undefined ? {} : { tools: wanted },
      },
      now: 0,
    });

  test("gets one tool of a category that its parent has, and none of another", () => {
    const { agent, lacks } = childOf(["forged", "mcp.files.read"], {
      wanted: ["forged.a", "mcp.files", "mcp.web.get"],
    });
    expect(agent.can.tools).toEqual(["forged.a", "mcp.files.read"]);
    expect(lacks.join()).toContain("mcp.web.get");
  });

  test("for no longer than its parent, and with the same people to ask", () => {
    const { agent } = childOf(["forged"], {
      tools: { forged: bounds({ until: 99 }) },
      approval: ["forged", "forged.b", "mcp.x"],
      wanted: ["forged.a"],
    });
    expect(agent.constraints.tools).toEqual({ "forged.a": bounds({ until: 99 }) });
    expect(agent.approval.map(({ tool }) => tool)).toEqual(["forged"]);
    const whole = childOf(["forged"], { approval: ["forged.b"] }).agent;
    expect(whole.approval.map(({ tool }) => tool)).toEqual(["forged.b"]);
  });

  test("goes round no count: a counted grant goes down as itself, with a share, or not at all", () => {
    const counted = { tools: { forged: bounds({ uses: 5 }) } };
    const share = { "forged.a": 2, forged: 2 };
    expect(
      childOf(["forged"], { ...counted, share, wanted: ["forged.a"] }).agent.can.tools,
    ).toEqual([]);
    const { agent } = childOf(["forged"], { ...counted, share });
    expect(agent.constraints.tools).toEqual({ forged: bounds({ uses: 2 }) });
    // One tool of it is counted: the whole of it would go round that.
    const one = { tools: { "forged.a": bounds({ perMinute: 1 }) }, share };
    expect(childOf(["forged", "forged.a"], one).agent.can.tools).toEqual(["forged.a"]);
  });
});
