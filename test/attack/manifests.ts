/** The agents of the attack suite: some that are hostile, and others that have something to lose. */

/** The hostile agent's own program, where every agent may read it. */
export const program = "/usr/lib/con/attack.mjs";
const node = "/usr/lib/con/node/bin/node";

export const agents = "/srv/con/agents";
const work = (name: string): string => `${agents}/${name}/workspace`;

/** Makes its attempts when it is told to go on. */
const whenTold = (name: string): string =>
  JSON.stringify(
    `cd ${work(name)}; touch begun; until [ -e go ]; do sleep 0.05; done; exec ${node} ${program} orders.json answer.jsonl`,
  );

const lines: Readonly<Record<string, readonly string[]>> = {
  mallory: [
    "tier: operator",
    "model: smart",
    "can:",
    "  task: [colleague]",
    "  write: [/srv/con/artifacts/mallory/**, /srv/con/artifacts/both/**]",
    "  tools: [shell, read_file, write_file, send_task, reply]",
    "may: {request: [pause], grant: {task: [wally]}}",
    "limits: {tasks: 80}",
  ],
  wally: ["tier: worker", "can: {tools: [shell]}", "limits: {tasks: 80, memory: 256M}"],
  nettie: ["tier: worker", "can: {tools: [shell], network: ['127.0.0.1:7701']}"],
  // Has a server of the Model Context Protocol that is none.
  mona: [
    "tier: worker",
    "model: smart",
    "can: {tools: [shell, mcp.evil]}",
    "limits: {tasks: 80}",
    `mcp: {evil: {command: [/bin/sh, -c, ${whenTold("mona")}]}}`,
  ],
  // A program of somebody's in place of con's loop.
  exa: [
    "tier: worker",
    "model: smart",
    "limits: {tasks: 80}",
    `runner: {exec: [/bin/sh, -c, ${whenTold("exa")}], models: true}`,
  ],
  // Has code run in throw-away sandboxes, and pages read.
  goldie: ["tier: worker", "model: smart", "can: {tools: [run_code, fetch_webpage]}"],
  // Has something to say to people.
  vandal: [
    "tier: worker",
    "model: smart",
    "can: {tools: [shell, remember, propose_change, update_plan]}",
    "may: {propose: [instructions]}",
    "limits: {tasks: 80}",
  ],
  colleague: [
    "tier: worker",
    "model: smart",
    "can:",
    "  task: [loner]",
    "  write: [/srv/con/artifacts/both/**]",
    "  tools: [shell, read_file, write_file, ask_agent]",
  ],
  loner: ["tier: worker", "model: smart", "can: {tools: [shell]}"],
};

/** Name → text of its manifest. */
export const manifests: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(lines).map(([name, more]) => [
    name,
    [`name: ${name}`, "description: of the attack suite", ...more, ""].join("\n"),
  ]),
);
