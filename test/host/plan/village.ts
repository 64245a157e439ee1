/** A world in which every part of the plan has something to say, for tests that look at the whole. */
import { parseConfig } from "../../../src/config/parse.ts";
import type { Config } from "../../../src/config/types.ts";
import { parsePeople } from "../../../src/host/ids.ts";
import { assignUids } from "../../../src/host/registry.ts";
import type { World } from "../../../src/host/world.ts";

const system = `
system: {name: village, front_desk: desk}
providers:
  far: {base_url: 'https://models.example/v1', credential: far-key}
  near: {base_url: 'https://near.example/v1', credential: near-key}
models:
  smart: {use: [far/large], context: 64000}
  fast: [near/small]
  summarizer: {use: [near/small], context: 32000}
retention: {outbox_days: 30}
web:
  allow: ['example.org:443', 'nowhere.example:8443']
  search:
    - {name: keyed, url: 'https://example.org/?q={query}', credential: search-key}
    - {name: known, url: 'https://example.org/?p={query}', credential: far-key}
    - {name: free, url: 'http://10.9.0.1:8080/?q={query}'}
forge:
  packages: [{package: six==1.17.0, language: python}]
  registries: {python: 'http://10.0.0.5:4873/', node: 'http://nowhere.example:4873/'}
`;

const manifests: Record<string, string> = {
  desk: `tier: operator
can:
  task: [worker, keeper]
  read: [/srv/con/artifacts/**]
  tools: [shell, read_file, shared, fetch_webpage]
`,
  keeper: `tier: operator
roles: [sysadmin]
can: {task: [desk], read: [/srv/con/logs/**], write: [/srv/con/artifacts/kept/**], tools: [forge_tool, shell]}
may: {request: [commission]}
`,
  // Named so that order by name and by uid differ: the registry knows it last.
  clerk: `tier: operator
may: {request: [commission]}
schedule: daily
model: smart
gpu: true
limits: {memory: 512M, cpu: 50%, tasks: 32}
budget: {usd_per_day: 2}
can: {read: [/srv/con/artifacts/in/**, /srv/con/logs/audit/**], tools: [run_code, search_web], network: ['[2001:db8::7]:22']}
`,
  worker: `tier: worker
model: smart
can:
  read: [/srv/con/artifacts/in/**]
  write: [/srv/con/artifacts/out/deep]
  network: ['example.org:443', '10.0.0.0/8:22', 'mcp.example:443', '*:8080']
  tools: [run_code, mcp.wiki]
  models: [fast]
mcp: {wiki: {url: 'https://mcp.example/mcp', credentials: {X-Key: wiki-key}}}
`,
  hands: "tier: worker\nrunner: {exec: [/usr/bin/cat], models: true}\n",
};

function configOf(): Config {
  const { config, problems } = parseConfig({
    system: { path: "con.yaml", text: system },
    agents: Object.entries(manifests).map(([name, text]) => ({
      path: `agents.d/${name}.yaml`,
      text: `name: ${name}\ndescription: ${name} of the village\n${text}`,
    })),
  });
  if (config === null || problems.length > 0) throw new Error(JSON.stringify(problems, null, 1));
  return config;
}

const skill = {
  ...{ name: "counting", description: "Counts", category: "numbers", allowedTools: [] },
  files: new Map(
    ["SKILL.md", "scripts/count.sh", "notes/b.md", "a.md"].map((path) => [
      path,
      Buffer.from(`${path} of counting\n`),
    ]),
  ),
};

/** `spawn-1` was made by the worker for a task, `spawn-2` by `spawn-1`. */
export function village(change: Partial<World> = {}): World {
  const config = configOf();
  const worker = config.agents.find(({ name }) => name === "worker");
  if (worker === undefined) throw new Error("no worker");
  const children = ["spawn-1", "spawn-2"].map((name) => ({ ...worker, name }));
  const people = parsePeople("a-worker:x:20002:20502::/:/x\ncon-browser:x:19994:19999::/:/x\n", "");
  return {
    config: { ...config, agents: [...config.agents, ...children] },
    now: 0,
    children: new Map([
      ["spawn-1", { parent: "worker", task: "20260101T000000Z-1" }],
      ["spawn-2", { parent: "spawn-1", task: "20260101T000000Z-2" }],
    ]),
    formerGrants: new Set(["/srv/con/artifacts/former"]),
    deployed: [],
    registry: {
      ...assignUids({}, ["desk", "hands", "keeper", "worker"], people),
      ...{ clerk: 20_007, "spawn-1": 60_600, "spawn-2": 60_601 },
    },
    gids: { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 },
    gatewayUid: 19_992,
    people,
    assembled: new Map(
      [...config.agents, ...children].map(({ name }) => [
        name,
        { text: `# ${name}\n`, skills: ["clerk", "spawn-1"].includes(name) ? [skill] : [] },
      ]),
    ),
    bells: new Set(["worker", "desk"]),
    inotifyLimit: 128,
    credentials: new Set(["far-key", "unused-key"]),
    network: {
      usable: true,
      addresses: new Map([
        ["example.org", ["192.0.2.1", "2001:db8::1"]],
        ["mcp.example", ["192.0.2.9"]],
      ]),
      resolvers: ["192.0.2.53"],
    },
    gpu: { paths: ["/dev/nvidia0"], gids: [44] },
    holds: {
      agents: new Map(),
      allWorkers: null,
      allAgents: null,
    },
    contracts: new Map([["up.yaml", Buffer.from("name: up\n")]]),
    ...change,
  };
}
