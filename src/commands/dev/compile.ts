/**
 * A configuration as `con dev` runs it: what bootstrap compiles, with all places inside one directory
 * and one uid for everybody. Pure.
 */

import { join } from "node:path";
import { noBudget } from "../../config/authority.ts";
import { cascadeWithPlaces } from "../../config/cascade.ts";
import { withPlaces } from "../../config/grants.ts";
import type { AgentRuntime, GatewayRuntime, SystemRuntime } from "../../config/runtime.ts";
import type { Agent, Config, ModelAlias, Provider } from "../../config/types.ts";
import { withPatterns } from "../../config/when.ts";
import type { Assembled } from "../../host/instructions.ts";
import {
  compileAgent,
  compileEntry,
  compileGateway,
  compileSystem,
  type Places,
} from "../../host/plan/compiled.ts";
import type { DevPlaces } from "../shared/places.ts";

export interface DevSetting {
  readonly places: DevPlaces;
  readonly uid: number;
  /** Gateway socket path. */
  readonly socket: string;
  /** An endpoint from the environment, or null. Its key is not in here. */
  readonly endpoint: Provider | null;
  readonly assembled: ReadonlyMap<string, Assembled>;
}

export interface DevRuntimes {
  readonly system: SystemRuntime;
  readonly agents: readonly AgentRuntime[];
  readonly gateway: GatewayRuntime;
}

/** Where installed configurations say that things are; here it is the directory itself. */
const installedRoot = "/srv/con";
/** Name of the provider that OPENAI_BASE_URL and OPENAI_API_KEY make. */
export const environmentProvider = "environment";

export function compileDev(written: Config, setting: DevSetting): DevRuntimes {
  const { uid, socket, places: dev } = setting;
  const config = inside(written, setting);
  const places: Places = {
    root: dev.root,
    gatewaySocket: socket,
    ledger: dev.ledger,
    audit: dev.audit,
    agentFiles: (name) => agentFiles(dev, name).directory,
  };
  const entries = config.agents.map((agent) => compileEntry(agent, uid, "path"));
  const gateway = compileGateway(config, places, entries);
  return {
    system: compileSystem(config, places, entries),
    agents: config.agents.map((agent) => {
      const { text: instructions = "", skills = [] } = setting.assembled.get(agent.name) ?? {};
      const facts = { uid, wake: "path", taskerUids: [], instructions, skills } as const;
      return compileAgent(config, agent, facts, places, [uid]);
    }),
    gateway: {
      ...gateway,
      callers: [{ uid, name: "con-dev", tier: null, models: ["*"], budget: noBudget }],
    },
  };
}

/** Where an agent's assembled files lie. */
export function agentFiles(places: DevPlaces, name: string) {
  const directory = join(places.compiled, "agents", name);
  return {
    directory,
    instructions: join(directory, "AGENTS.md"),
    skills: join(directory, "skills"),
  };
}

/** The configuration with its paths moved into the directory, and the environment's endpoint. */
function inside(config: Config, { places, endpoint }: DevSetting): Config {
  const move = (path: string): string => moved(path, places.root);
  const moveGrants = (agent: Agent): Agent => ({
    ...agent,
    can: { ...agent.can, read: agent.can.read.map(move), write: agent.can.write.map(move) },
    constraints: withPlaces(agent.constraints, move),
    ...cascadeWithPlaces(agent, move),
    approval: agent.approval.map((rule) => withPatterns(rule, move)),
  });
  const agents = config.agents.map(moveGrants);
  if (endpoint === null) return { ...config, agents };
  const providers = { ...config.providers, [environmentProvider]: endpoint };
  return { ...config, agents, providers, models: withFirst(config.models) };
}

/** `/srv/con/x` of an installed configuration is `x` in this directory. */
export function moved(path: string, root: string): string {
  const isInside = path === installedRoot || path.startsWith(`${installedRoot}/`);
  return isInside ? join(root, path.slice(installedRoot.length)) : path;
}

/** What the environment offers comes first on every ladder; what the files say stays as fallback. */
function withFirst(models: Config["models"]): Record<string, ModelAlias> {
  return Object.fromEntries(
    Object.entries(models).map(([name, alias]) => [
      name,
      { ...alias, use: [`${environmentProvider}/*`, ...alias.use] },
    ]),
  );
}
