/** Who may import whom: the house of docs/decisions/0001-spine.md. `npm run layers` checks it. */
const may = {
  task: [],
  config: ["system/errors"],
  system: [],
  skill: [],
  installer: ["system"],
  spool: ["task", "system"],
  agent: [
    "task", "model/types", "model/collect", "model/near-json", "model/structured", "tools/tool", "tools/result",
    "tools/desks", "tools/source", "skill/catalogue",
  ],
  memory: ["system"],
  model: ["system", "task/frame", "task/trim"],
  sandbox: ["system"],
  data: ["system"],
  tools: ["sandbox", "system", "task", "skill", "data/protocol", "browser/wire"],
  gateway: ["config", "model", "system"],
  browser: ["config", "system", "task/trim"],
  host: ["config", "system", "skill"],
  steward: ["host", "config", "spool", "task", "system", "skill", "tools/forge"],
  contract: [
    "config", "host", "sandbox", "spool", "steward/types", "steward/ask", "system", "task",
  ],
  runner: [
    "task", "spool", "agent", "memory", "model", "tools", "sandbox", "config", "system", "steward/types",
    "steward/ask", "steward/approvals/tools",
    "browser/wire",
  ],
  // The verbs that people have, for programs that speak another protocol.
  drivers: ["commands", "config", "spool", "system", "task"],
  commands: [
    "task", "spool", "agent", "memory", "model", "tools", "sandbox", "gateway", "browser", "host", "steward", "contract",
    "runner", "config", "system", "data", "skill", "drivers",
  ],
};

const generated = "^src/generated/";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(may).map(([layer, allowed]) => ({
      name: `${layer}-imports`,
      severity: "error",
      from: { path: `^src/${layer}/` },
      to: {
        path: "^src/",
        pathNot: [`^src/${layer}/`, generated, ...allowed.map((name) => `^src/${name}[/.]`)],
      },
    })),
    {
      name: "commands-never-each-other",
      severity: "error",
      from: { path: "^src/commands/([^/]+)\\.ts$" },
      to: { path: "^src/commands/(?!shared/)", pathNot: "^src/commands/$1" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
