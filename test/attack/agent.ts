/**
 * A hostile agent: makes the attempts that it is told to make, as whoever runs it, and prints one JSON line for
 * each. It knows nothing about defences and decides nothing: what should have stopped what is in attempts.ts.
 *
 * Bundled to one file and run by the Node of con, inside the unit of an agent. Every attempt stops where it
 * has succeeded or takes back what it did, and none can take more than its bound of processes, memory and time.
 *
 * Usage: node agent.mjs ORDERS [ANSWER]: ORDERS is a file with a list of orders; "-" is standard input. ANSWER is a
 * new file: whoever starts it twice has what the first one did.
 */
import fs from "node:fs";
import { bridges } from "./agent/bridge.ts";
import { files } from "./agent/files.ts";
import { limits } from "./agent/limits.ts";
import { network } from "./agent/network.ts";
import { privileges } from "./agent/privileges.ts";
import { processes } from "./agent/processes.ts";
import type { Args, Arguments, Line, Order } from "./types.ts";

const deeds = { ...files, ...processes, ...privileges, ...network, ...limits, ...bridges };

function argsOf(given: Arguments): Args {
  const wrong = (name: string): never => {
    throw new TypeError(`the order lacks ${name}`);
  };
  const at = (name: string): unknown => given[name] ?? wrong(name);
  return {
    text: (name) => String(at(name)),
    number: (name) => Number(at(name)),
    numbers: (name) => at(name) as readonly number[],
  };
}

async function attempt({ name, deed, args }: Order): Promise<Line> {
  const act = Object.hasOwn(deeds, deed) ? deeds[deed] : undefined;
  if (act === undefined) return { name, outcome: "error", code: "", detail: `no deed ${deed}` };
  try {
    const { blockedBy, detail = "" } = await act(argsOf(args));
    if (blockedBy === null) return { name, outcome: "succeeded", code: "", detail };
    return { name, outcome: "blocked", code: blockedBy, detail };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isErrno = typeof code === "string" && /^E[A-Z0-9]+$/.test(code);
    const outcome = isErrno ? "blocked" : "error";
    return { name, outcome, code: code ?? "", detail: String(message ?? error) };
  }
}

const [orders = "-", answer] = process.argv.slice(2);
const all = JSON.parse(fs.readFileSync(orders === "-" ? 0 : orders, "utf8")) as Order[];
const said = answer === undefined ? 1 : fs.openSync(answer, "wx");
for (const order of all) fs.writeSync(said, `${JSON.stringify(await attempt(order))}\n`);
fs.writeSync(said, `${JSON.stringify({ uid: process.geteuid?.(), end: true })}\n`);
process.exit();
