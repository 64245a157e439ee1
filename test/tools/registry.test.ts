import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { toolsNamed } from "../../src/config/tool-groups.ts";
import { builtinTools } from "../../src/tools/registry.ts";
import { createWorld } from "./support/world.ts";

const unlike = (names: readonly string[]) => (name: string) => !names.includes(name);

describe("the built-in tools", () => {
  it("are these, each with a strict schema", () => {
    const ajv = new Ajv2020({ strict: true });
    const tools = builtinTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "shell",
      "use_skill",
      "run_code",
      "forge_tool",
      "read_file",
      "write_file",
      "edit_file",
      "list_files",
      "search_files",
      "delete_file",
      "restore_file",
      "file_versions",
      "sql",
      "import_data",
      "vectors",
      "send_task",
      "ask_agent",
      "reply",
      "agents",
      "commission_agent",
      "amend_agent",
      "retire_agent",
      "control_agent",
      "request_grant",
      "install_package",
      "propose_change",
      "share_tool",
      "review_change",
      "spawn_agent",
      "spawn_agents",
      "update_plan",
      "plan_goal",
      "run_batch",
      "consult_adviser",
      "summarize",
      "second_opinion",
      "analyze_files",
      "fetch_webpage",
      "search_web",
      "remember",
      "recall",
      "forget",
      "verify",
      "memories",
    ]);
    for (const tool of tools) {
      ajv.compile(tool.parameters);
      expect(tool.parameters["additionalProperties"], tool.name).toBe(false);
    }
  });

  it("are those that manifests may name, beside names of groups", () => {
    const schema = JSON.parse(readFileSync("src/config/schema/agent.schema.json", "utf8")) as {
      readonly $defs: { readonly tool: { readonly enum: readonly string[] } };
    };
    const names = builtinTools().map(({ name }) => name);
    expect(schema.$defs.tool.enum.flatMap(toolsNamed).filter(unlike(names))).toEqual([]);
    expect(names.filter(unlike(schema.$defs.tool.enum))).toEqual([]);
  });

  it("run side by side only when they read, or are independent", () => {
    const parallel = builtinTools().filter((tool) => tool.parallel);
    expect(parallel.map(({ name }) => name)).toEqual([
      "use_skill",
      "read_file",
      "list_files",
      "search_files",
      "file_versions",
      "agents",
      "summarize",
      "second_opinion",
      "fetch_webpage",
      "search_web",
      "recall",
      "memories",
    ]);
  });

  it("tell about other agents and send to them", async () => {
    const world = createWorld({
      agent: "concierge",
      peers: {
        list: () => [
          {
            name: "concierge",
            tier: "operator",
            description: "Front desk",
            reachable: false,
            state: "working",
            pending: 0,
          },
          {
            name: "sysadmin",
            tier: "operator",
            description: "Mends",
            reachable: true,
            state: "has work",
            pending: 2,
          },
        ],
        send: (to) => ({ ok: true, id: "the-id", to }),
        ask: (to, _, { callId }) => ({ ok: true, id: `the-id-of-${callId}`, to }),
        reply: () => ({ ok: false, why: "a person" }),
      },
    });
    try {
      const tool = (name: string) => {
        const found = builtinTools().find((one) => one.name === name);
        if (found === undefined) throw new Error(name);
        return found;
      };
      expect((await world.run(tool("agents"), {})).text).toBe(
        "- concierge (operator): Front desk [working; this is you]\n" +
          "- sysadmin (operator): Mends [has work, 2 waiting; you may task it]",
      );
      expect(await world.run(tool("send_task"), { agent: "sysadmin", text: "x" })).toEqual({
        ok: true,
        text: "sent to sysadmin as task the-id",
        sent: "the-id",
      });
      const hold = { waitFor: ["the-id-of-1-1"], why: "sysadmin's answer" };
      const ask = (timeout: object) =>
        world.run(tool("ask_agent"), { agent: "sysadmin", message: "x", ...timeout });
      expect(await ask({})).toMatchObject({ hold: { ...hold, until: 3_600_000 } });
      expect(await ask({ timeout: "24h" })).toMatchObject({ hold: { until: 86_400_000 } });
      expect(await ask({ timeout: "25h" })).toEqual({
        ok: false,
        text: "timeout 25h is none: use e.g. 30min, at most 24h",
      });
      expect(await world.run(tool("reply"), { text: "x" })).toEqual({
        ok: false,
        text: "a person",
      });
    } finally {
      world.remove();
    }
  });
});
