/** A small world of what a test writes down; the machine has nothing beside it. */
import { noHolds } from "../../../src/config/holds.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Agent, Config } from "../../../src/config/types.ts";
import type { Fact } from "../../../src/host/facts.ts";
import { parsePeople } from "../../../src/host/ids.ts";
import type { Deployed, World } from "../../../src/host/world.ts";
import { text } from "./facts.ts";

/** A manifest that nobody accepts. */
export const refused = "tier: king\n";

export interface Written {
  /** Name → manifest without its name and description. There is always a desk. */
  readonly agents?: Readonly<Record<string, string>>;
  /** Of con.yaml, beside the front desk and the models. */
  readonly system?: string;
  /** Name → role.yaml. */
  readonly roles?: Readonly<Record<string, string>>;
}

const models = "{fast: [builtin/reflex], smart: [builtin/reflex], spare: {use: [builtin/reflex]}}";

export function configOf({ agents = {}, system = "", roles = {} }: Written): Config {
  const manifests = Object.entries(withDesk(agents)).map(([name, body]) => ({
    path: `agents.d/${name}.yaml`,
    text: `name: ${name}\ndescription: d\n${body}`,
  }));
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: `system: {name: hamlet, front_desk: desk}\nmodels: ${models}\n${system}`,
    },
    agents: manifests,
    roles: Object.entries(roles).map(([name, body]) => ({
      path: `roles/${name}/role.yaml`,
      text: body,
    })),
  });
  const meant = problems.filter(({ agent }) => agent !== null && agents[agent] === refused);
  if (config === null || meant.length < problems.length) throw new Error(JSON.stringify(problems));
  return config;
}

const withDesk = (agents: Readonly<Record<string, string>>): Record<string, string> => ({
  ...("desk" in agents ? {} : { desk: "tier: operator\n" }),
  ...agents,
});

/** Uids go by the order in which agents are written, from 20000: so order by name may differ. */
export function hamlet(written: Written = {}, change: Partial<World> = {}): World {
  const config = configOf(written);
  const names = Object.keys(withDesk(written.agents ?? {}));
  return {
    config,
    now: 0,
    children: new Map(),
    formerGrants: new Set(),
    deployed: [],
    registry: Object.fromEntries(names.map((name, index) => [name, 20_000 + index])),
    gids: { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 },
    gatewayUid: 19_992,
    people: parsePeople("", ""),
    assembled: new Map(
      config.agents.map(({ name }) => [name, { text: `# ${name}\n`, skills: [] }]),
    ),
    bells: new Set(),
    inotifyLimit: 128,
    credentials: new Set(),
    network: { usable: true, addresses: new Map(), resolvers: [] },
    holds: noHolds,
    contracts: new Map(),
    ...change,
  };
}

export function agentOf({ agents }: Config, name: string): Agent {
  const found = agents.find((agent) => agent.name === name);
  if (found === undefined) throw new Error(`no agent ${name}`);
  return found;
}

/** An agent as a plan deployed it. */
export function deployedBy(facts: readonly Fact[], name: string): Deployed {
  const { agents } = JSON.parse(text(facts, "/system.json")) as {
    readonly agents: readonly Deployed["entry"][];
  };
  const entry = agents.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`no entry of ${name}`);
  return {
    entry,
    runtime: JSON.parse(text(facts, `/agents/${name}.json`)) as Deployed["runtime"],
  };
}
