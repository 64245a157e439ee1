/** Who may import whom: the house of docs/decisions/0001-spine.md. `npm run layers` checks it. */
const may = {
  task: [],
  config: ["system/errors"],
  system: [],
  spool: ["task", "system"],
  agent: [
    "task", "model/types", "model/collect", "model/near-json", "model/structured", "tools/tool", "tools/result",
    "tools/desks",
  ],
  memory: ["system"],
  model: ["system", "task/frame"],
  sandbox: ["system"],
  tools: ["sandbox", "system", "task"],
  gateway: ["config", "model", "system"],
  host: ["config", "system"],
  steward: ["host", "config", "spool", "task", "system"],
  contract: [
    "config", "host", "sandbox", "spool", "steward/types", "steward/ask", "system", "task",
  ],
  runner: [
    "task", "spool", "agent", "memory", "model", "tools", "sandbox", "config", "system", "steward/types",
    "steward/ask", "steward/approvals/tools",
  ],
  commands: [
    "task", "spool", "agent", "memory", "model", "tools", "sandbox", "gateway", "host", "steward", "contract",
    "runner", "config", "system",
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
