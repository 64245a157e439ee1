/** Carries out orders from each vantage, and as the controls want it; the agent's lines come back. */
import type { ScriptedModel } from "../image/scripted/model.ts";
import type { Container } from "../image/support/container.ts";
import { agents, drop, pidOf, program, sh, there } from "./stage.ts";
import type { ControlPlace, Vantage, World } from "./table.ts";
import type { Line, Order } from "./types.ts";

const node = "/usr/lib/con/node/bin/node";
const run = "/run/con-attack";

/** What the agent said; an error when it did not come to its end. */
function linesOf(text: string): Line[] {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line & { readonly end?: boolean });
  if (lines.at(-1)?.end !== true) throw new Error(`the agent broke off:\n${text.slice(-2_000)}`);
  return lines.slice(0, -1);
}

const agentOf: Readonly<
  Record<Exclude<Vantage, "shell" | "server" | "program" | "code" | "outside">, string>
> = {
  runner: "mallory",
  worker: "wally",
  online: "nettie",
  granted: "goldie",
};

/**
 * One start of an agent's unit with the attack in place of the runner: every other directive stays. Nothing of
 * it is left behind.
 */
async function inUnit(container: Container, agent: string, orders: readonly Order[]) {
  const unit = `con@${agent}.service`;
  const file = `/run/systemd/system/${unit}.d/99-attack.conf`;
  const start = await sh(container, "grep ^ExecStart= /usr/lib/systemd/system/con@.service");
  const ours = start.trim().replace("/usr/bin/con run %i", `${node} ${program}`);
  if (!ours.includes(program)) throw new Error(`the unit starts something else: ${start}`);
  const lines = [
    "[Service]",
    "ExecStart=",
    // Whatever stands before the runner stays there.
    ours,
    "Type=oneshot",
    "Restart=no",
    `StandardInput=file:${run}/orders.json`,
    `StandardOutput=truncate:${run}/answer.jsonl`,
  ];
  await container.copyIn(`${run}/orders.json`, JSON.stringify(orders));
  await container.copyIn(file, `${lines.join("\n")}\n`);
  await sh(container, `systemctl stop ${unit}; systemctl daemon-reload`);
  try {
    const started = await container.exec(["systemctl", "start", unit]);
    const said = await container.exec(["cat", `${run}/answer.jsonl`]);
    if (started.code !== 0 || said.code !== 0) {
      const status = await container.exec([
        "systemctl",
        "status",
        "--no-pager",
        "--lines=20",
        unit,
      ]);
      throw new Error(`${unit}: ${started.stderr}${status.stdout}\n${said.stdout.slice(-2_000)}`);
    }
    return linesOf(said.stdout);
  } finally {
    await sh(container, `rm -f ${file} ${run}/answer.jsonl; systemctl daemon-reload`);
  }
}

type OrdersFor = (world: World) => readonly Order[];

const shell = (command: string) => ["shell", { command, timeout_seconds: 100 }] as const;
const hold = "touch begun; until [ -e go ]; do sleep 0.05; done";

/** The orders for whoever waits in an agent's sandbox, once its runner is known. */
async function giveOrders(
  container: Container,
  agent: string,
  world: World,
  ordersFor: OrdersFor,
): Promise<void> {
  const work = `${agents}/${agent}/workspace`;
  await there(container, `${work}/begun`);
  const own = await pidOf(container, `con@${agent}.service`);
  const orders = ordersFor({
    ...world,
    me: `${agents}/${agent}`,
    pids: { ...world.pids, "its own runner": own },
    at: { ...world.at, ...ownFiles(own) },
  });
  await container.copyIn(`${work}/orders.json`, JSON.stringify(orders));
  await sh(container, `touch ${work}/go`);
}

const taken = async (container: Container, agent: string): Promise<Line[]> => {
  const work = `${agents}/${agent}/workspace`;
  return linesOf(
    await sh(container, `cd ${work}; cat answer.jsonl; rm -f begun go orders.json answer.jsonl`),
  );
};

/** By the real loop: a model asks for the tool `shell`, and the runner runs it in the sandbox. */
async function inShell(
  container: Container,
  model: ScriptedModel,
  world: World,
  ordersFor: OrdersFor,
): Promise<Line[]> {
  const command = `${hold}; ${node} ${program} orders.json answer.jsonl`;
  const name = await model.drop([shell(command)]);
  await giveOrders(container, "mallory", world, ordersFor);
  const [said] = await model.answer(name);
  if (said !== "[exit code 0]") throw new Error(`the tool call ended with ${said}`);
  return taken(container, "mallory");
}

/** The list of its tools is asked for when a task begins; that it has none comes out when it has made its attempts. */
async function asServer(container: Container, world: World, ordersFor: OrdersFor): Promise<Line[]> {
  await drop(container, "mona", "attempts", [["tool_details", { category: "mcp.evil" }]]);
  await giveOrders(container, "mona", world, ordersFor);
  await there(container, `${agents}/mona/outbox/attempts*.response`);
  return taken(container, "mona");
}

/** A task of any text starts the program. */
async function asProgram(
  container: Container,
  world: World,
  ordersFor: OrdersFor,
): Promise<Line[]> {
  await drop(container, "exa", "attempts", []);
  await giveOrders(container, "exa", world, ordersFor);
  const record = await there(container, `${agents}/exa/outbox/attempts*.json`);
  const said = await sh(container, `cat '${record}'`);
  if (!said.includes('"status":"done"')) throw new Error(`the program ended with ${said}`);
  return taken(container, "exa");
}

const asCode = `
  import { execFileSync } from "node:child_process";
  execFileSync("${node}", ["${program}", "orders.json", "answer.jsonl"]);`;

/** Asked for by a model of an agent that may have code run. */
async function inCode(container: Container, world: World, ordersFor: OrdersFor): Promise<Line[]> {
  const own = await pidOf(container, "con-gateway.service");
  const orders = ordersFor({
    ...world,
    pids: { ...world.pids, "its own runner": own },
    at: { ...world.at, ...ownFiles(own) },
  });
  const file = `${agents}/goldie/workspace/orders.json`;
  await container.copyIn(file, JSON.stringify(orders), 0o644);
  const asked = {
    ...{ language: "node", code: asCode, timeout_seconds: 100 },
    ...{ files: ["orders.json"], outputs: ["answer.jsonl"] },
  };
  await drop(container, "goldie", "attempts", [["run_code", asked]]);
  await there(container, `${agents}/goldie/outbox/attempts*.response`);
  return taken(container, "goldie");
}

export const ownFiles = (pid: number): Record<string, string> =>
  Object.fromEntries(
    ["environ", "mem", "maps", "fd", "cwd"].map((file) => [
      `${file} of its own runner`,
      `/proc/${pid}/${file}`,
    ]),
  );

async function by(container: Container, orders: readonly Order[], user?: string) {
  const options = { input: JSON.stringify(orders), ...(user === undefined ? {} : { user }) };
  return linesOf(await container.must([node, program], options));
}

/** Makes attempts from a vantage. */
export function from(
  vantage: Vantage,
  container: Container,
  model: ScriptedModel,
  world: World,
  ordersFor: OrdersFor,
): Promise<Line[]> {
  if (vantage === "shell") return inShell(container, model, world, ordersFor);
  if (vantage === "server") return asServer(container, world, ordersFor);
  if (vantage === "program") return asProgram(container, world, ordersFor);
  if (vantage === "code") return inCode(container, world, ordersFor);
  if (vantage === "outside") return by(container, ordersFor(world), "a-mallory");
  return inUnit(container, agentOf[vantage], ordersFor(world));
}

/** Makes controls that need no vantage. */
export const control = (
  place: Exclude<ControlPlace, "there">,
  container: Container,
  orders: readonly Order[],
): Promise<Line[]> => by(container, orders, place === "user" ? "a-mallory" : undefined);
