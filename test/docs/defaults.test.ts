/** The defaults that the schemas name, against what the compiler takes when nothing is said. */
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../src/config/parse.ts";
import agentSchema from "../../src/config/schema/agent.schema.json" with { type: "json" };
import systemSchema from "../../src/config/schema/con.schema.json" with { type: "json" };
import roleSchema from "../../src/config/schema/role.schema.json" with { type: "json" };
import { spelledOut } from "./defaults.ts";
import { keysOf } from "./keys.ts";

describe("a default that a schema names is what is taken when nothing is said", () => {
  const used = new Set<string>();

  test("con.yaml", () => {
    const base = { models: { fast: ["builtin/reflex"], smart: ["builtin/reflex"] } };
    const more = {
      ...base,
      cascade: { cache: { exact: true }, documents: { paths: ["/srv/con/artifacts/a"] } },
    };
    for (const one of [base, more]) {
      const whole = spelledOut(one, keysOf(systemSchema), used);
      expect(compiled(whole, agentOf({}))).toEqual(compiled(one, agentOf({})));
    }
    expect([...used].sort()).toEqual(withDefault(systemSchema));
  });

  test("a manifest", () => {
    const system = { models: { fast: ["builtin/reflex"], smart: ["builtin/reflex"] } };
    used.clear();
    for (const one of [agentOf({}), agentOf(rich), agentOf({ runner: { exec: ["/bin/true"] } })]) {
      const whole = spelledOut(one, keysOf(agentSchema), used);
      expect(compiled(system, whole)).toEqual(compiled(system, one));
    }
    expect([...used].sort()).toEqual(withDefault(agentSchema));
  });

  test("a role", () => {
    const system = { models: { fast: ["builtin/reflex"], smart: ["builtin/reflex"] } };
    used.clear();
    const plain = { description: "x" };
    const one = {
      description: "x",
      can: { tools: ["shell"], spawn: { roles: ["helper"] } },
      approval: [{ tool: "shell" }],
    };
    for (const role of [plain, one]) {
      const whole = spelledOut(role, keysOf(roleSchema), used);
      expect(compiled(system, agentOf({}), whole)).toEqual(compiled(system, agentOf({}), role));
    }
    expect([...used].sort()).toEqual(withDefault(roleSchema));
  });

  const agentOf = (rest: object): Record<string, unknown> => ({
    ...{ name: "concierge", tier: "worker", description: "x" },
    ...rest,
  });

  const rich = {
    can: {
      read: ["/srv/con/artifacts/a"],
      tools: ["shell", "mcp.files"],
      spawn: { roles: ["helper"] },
    },
    approval: [{ tool: "shell" }],
    mcp: { files: { command: ["/bin/true"] } },
    schedule: { at: "daily" },
    cascade: { cache: { exact: true }, documents: { paths: ["/srv/con/artifacts/a"] } },
  };

  const withDefault = (schema: Parameters<typeof keysOf>[0]): string[] =>
    keysOf(schema)
      .filter(({ fallback }) => fallback !== undefined)
      .map(({ path }) => path)
      .sort();

  /** As the compiler reads the three files; they have no fault. */
  function compiled(system: object, agent: object, role: object = { description: "x" }): unknown {
    const file = (path: string, content: object) => ({ path, text: stringify(content) });
    const { config, problems } = parseConfig({
      system: file("con.yaml", system),
      agents: [file("agents.d/concierge.yaml", agent)],
      roles: [file("roles/helper/role.yaml", role)],
    });
    expect(problems).toEqual([]);
    return config;
  }
});
