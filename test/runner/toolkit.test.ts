/** The tools of an attempt: what the manifest grants of those that con ships, and of sources. */
import { describe, expect, it } from "vitest";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import { createToolkit, describedIn } from "../../src/runner/toolkit.ts";
import { builtinTools } from "../../src/tools/registry.ts";
import { countingTool, validateWithAjv } from "../agent/support/scripted.ts";
import { never, sourceOf } from "../agent/support/toolbox.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

const now = 1_000_000;
const can = (tools: readonly string[], more: Partial<AgentRuntime> = {}): AgentRuntime =>
  agentRuntime({
    can: { task: [], read: [], write: [], network: [], tools, models: [] },
    ...more,
  });

const forged = ["one", "two"].map((name) => countingTool(`forged.${name}`).tool);
const listed: string[] = [];
const sources = ["forged", "mcp.files", "mcp.web"].map((category) =>
  sourceOf(category, () => {
    listed.push(category);
    return category === "forged" ? forged : [countingTool(`${category}.read`).tool];
  }),
);

const kitOf = (agent: AgentRuntime) =>
  createToolkit({
    ...{ agent, now: () => now, sources, tools: builtinTools() },
    clock: { deadline: never },
    validate: validateWithAjv(builtinTools()),
  });
const specsOf = async (agent: AgentRuntime) =>
  (await kitOf(agent)).toolbox.specs.map((spec) => spec.function.name);

describe("the tools of an attempt", () => {
  it("are the same as ever for an agent with a few, and no source is asked", async () => {
    listed.length = 0;
    expect(await specsOf(can(["reply", "shell"]))).toEqual(["shell", "reply"]);
    expect(listed).toEqual([]);
  });

  it("are those of sources that a grant names, one by one or all", async () => {
    const names = async (tools: readonly string[]) =>
      describedIn(await kitOf(can(tools))).map(({ name }) => name);
    expect(await names(["forged"])).toEqual(["forged.one", "forged.two"]);
    expect(await names(["shell", "forged.two"])).toEqual(["shell", "forged.two"]);
    listed.length = 0;
    expect(await names(["mcp.web"])).toEqual(["mcp.web.read"]);
    expect(listed).toEqual(["mcp.web"]);
    const { toolbox } = await kitOf(can(["forged.two", "mcp.web"]));
    expect((await toolbox.find("forged.two"))?.name).toBe("forged.two");
    expect(await toolbox.find("forged.one")).toBeNull();
    expect(await toolbox.find("mcp.files.read")).toBeNull();
    expect([toolbox.isGranted("forged.two"), toolbox.isGranted("forged.one")]).toEqual([
      true,
      false,
    ]);
    const index = toolbox.specs.map((spec) => spec.function.description).join();
    expect(index).toContain("forged.* (tools of forged): two");
    expect(index).not.toMatch(/one|mcp\.files/);
  });

  it("have nobody asked about one that is not there, also where there is no source", async () => {
    for (const of of [{ sources }, { sources: [] }]) {
      const agent = can(["forged"]);
      const { toolbox } = await createToolkit({
        ...{ agent, now: () => now, tools: [], clock: { deadline: never }, validate: () => null },
        ...of,
      });
      expect(await toolbox.find("forged.none")).toBeNull();
      expect(["forged.none", "forged", "mcp.web.x", "x"].filter(toolbox.isGranted)).toEqual([
        "forged.none",
      ]);
    }
  });

  it("end with their grants", async () => {
    const none = { perMinute: null, uses: null };
    const ended = { tools: { forged: { ...none, until: now } }, until: {} };
    expect(await specsOf(can(["forged"], { constraints: ended }))).toEqual([]);
    const later = { tools: { forged: { ...none, until: now + 1 } }, until: {} };
    expect(await specsOf(can(["forged"], { constraints: later }))).toEqual([
      "tool_details",
      "use_tool",
    ]);
  });

  it("are folded away where they are many, and stay callable", async () => {
    const names = builtinTools().map(({ name }) => name);
    const { toolbox, tools } = await kitOf(can(names, { context: 16_384 }));
    const shown = toolbox.specs.map((spec) => spec.function.name);
    expect(shown).toContain("read_file");
    expect(shown).not.toContain("commission_agent");
    expect(shown.slice(-2)).toEqual(["tool_details", "use_tool"]);
    expect((await toolbox.find("commission_agent"))?.name).toBe("commission_agent");
    expect(tools.map(({ name }) => name).sort()).toEqual([...names].sort());
    const again = await kitOf(can([...names].reverse(), { context: 16_384 }));
    expect(again.toolbox.specs).toEqual(toolbox.specs);
  });

  it("run only after the audit trail has the call, whoever made them", async () => {
    const settled: string[] = [];
    const { toolbox } = await createToolkit({
      ...{ agent: can(["forged"]), now: () => now, sources, tools: [] },
      clock: { deadline: never },
      validate: () => null,
      trail: {
        note: () => undefined,
        settle: async () => {
          settled.push("settled");
          return "lost";
        },
      },
    });
    const tool = await toolbox.find("forged.one");
    expect(await tool?.run({ text: "x" }, {} as never)).toMatchObject({ ok: false });
    expect(settled).toEqual(["settled"]);
  });
});
