/** The configurations that con ships: valid as they are, and each right where it is meant to be. */
import { describe, expect, it } from "vitest";
import { loadConfigFiles } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Agent } from "../../src/config/types.ts";

const read = (profile: string) => {
  const { config, problems } = parseConfig(loadConfigFiles(`configs/${profile}`));
  return { problems, agents: config?.agents ?? [], roles: config?.roles ?? {} };
};
const byName = (agents: readonly Agent[]) => new Map(agents.map((agent) => [agent.name, agent]));
const web = ["fetch_webpage", "search_web"];
const acts = [
  "shell",
  "send_task",
  "ask_agent",
  "commission_agent",
  "request_grant",
  "spawn_agent",
];
const has = ({ can }: Agent, tools: readonly string[]) =>
  tools.filter((tool) => can.tools.includes(tool));

describe.each(["default", "minimal"])("the profile %s", (profile) => {
  const { problems, agents } = read(profile);

  it("is valid", () => {
    expect(problems).toEqual([]);
    expect(agents.length).toBeGreaterThan(0);
  });

  it("gives the web to nobody who acts, tasks others or reads what is shared", () => {
    for (const agent of agents.filter((one) => has(one, web).length > 0)) {
      expect([agent.name, ...has(agent, acts)]).toEqual([agent.name]);
      const { task, read: folders, network, models } = agent.can;
      expect([agent.name, task, folders, network, models]).toEqual([agent.name, [], [], [], []]);
      expect(agent).toMatchObject({ tier: "worker", spawn: null, may: { request: [] } });
    }
  });

  it("lets whoever changes files bring them back", () => {
    for (const agent of agents.filter((one) => has(one, ["write_file"]).length > 0))
      if (profile === "default")
        expect([
          agent.name,
          ...has(agent, ["delete_file", "restore_file", "file_versions"]),
        ]).toEqual([agent.name, "delete_file", "restore_file", "file_versions"]);
  });
});

describe("the default profile", () => {
  const { agents, roles } = read("default");
  const of = byName(agents);

  it("has a researcher whom the front desk asks, and data where files come in", () => {
    expect(of.get("researcher")?.can.tools).toEqual(expect.arrayContaining([...web, "sql"]));
    expect(of.get("concierge")?.can.task).toContain("researcher");
    expect(of.get("concierge")?.can.tools).toEqual(
      expect.arrayContaining(["sql", "import_data", "vectors", "run_code"]),
    );
    for (const name of ["concierge", "strategist", "sysadmin"])
      expect([name, ...has(of.get(name) as Agent, web)]).toEqual([name]);
  });

  it("has a helper that may have what its parent has of the same", () => {
    expect(roles["helper"]?.can.tools).toEqual(expect.arrayContaining([...web, "sql", "run_code"]));
    expect(roles["helper"]?.can.network).toEqual([]);
  });
});
