/** Carries out orders from each vantage, and as the controls want it; the agent's lines come back. */
import type { ScriptedModel } from "../image/scripted/model.ts";
import type { Container } from "../image/support/container.ts";
import { agents, pidOf, program, sh, there } from "./stage.ts";
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

const agentOf: Readonly<Record<Exclude<Vantage, "shell" | "outside">, string>> = {
  runner: "mallory",
  worker: "wally",
  online: "nettie",
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

/** By the real loop: a model asks for the tool `shell`, and the runner runs it in the sandbox. */
async function inShell(
  container: Container,
  model: ScriptedModel,
  world: World,
  ordersFor: OrdersFor,
): Promise<Line[]> {
  const work = `${agents}/mallory/workspace`;
  const wait = "touch begun; until [ -e go ]; do sleep 0.05; done";
  const command = `${wait}; ${node} ${program} orders.json answer.jsonl`;
  const name = await model.drop([["shell", { command, timeout_seconds: 100 }]]);
  await there(container, `${work}/begun`);
  const own = await pidOf(container, "con@mallory.service");
  const orders = ordersFor({
    ...world,
    pids: { ...world.pids, "its own runner": own },
    at: { ...world.at, ...ownFiles(own) },
  });
  await container.copyIn(`${work}/orders.json`, JSON.stringify(orders));
  await sh(container, `touch ${work}/go`);
  const [said] = await model.answer(name);
  if (said !== "[exit code 0]") throw new Error(`the tool call ended with ${said}`);
  return linesOf(await sh(container, `cd ${work}; cat answer.jsonl; rm begun go *.json*`));
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
  if (vantage === "outside") return by(container, ordersFor(world), "a-mallory");
  return inUnit(container, agentOf[vantage], ordersFor(world));
}

/** Makes controls that need no vantage. */
export const control = (
  place: Exclude<ControlPlace, "there">,
  container: Container,
  orders: readonly Order[],
): Promise<Line[]> => by(container, orders, place === "user" ? "a-mallory" : undefined);
