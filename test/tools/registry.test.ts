import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { builtinTools } from "../../src/tools/registry.ts";
import { createWorld } from "./support/world.ts";

describe("the built-in tools", () => {
  it("are the nine of the first issue, each with a strict schema", () => {
    const ajv = new Ajv2020({ strict: true });
    const tools = builtinTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "shell",
      "read_file",
      "write_file",
      "edit_file",
      "list_files",
      "search_files",
      "send_task",
      "reply",
      "agents",
    ]);
    for (const tool of tools) {
      ajv.compile(tool.parameters);
      expect(tool.parameters["additionalProperties"], tool.name).toBe(false);
    }
  });

  it("run side by side only when they read", () => {
    const parallel = builtinTools().filter((tool) => tool.parallel);
    expect(parallel.map(({ name }) => name)).toEqual([
      "read_file",
      "list_files",
      "search_files",
      "agents",
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
      expect(await world.run(tool("reply"), { text: "x" })).toEqual({
        ok: false,
        text: "a person",
      });
    } finally {
      world.remove();
    }
  });
});
