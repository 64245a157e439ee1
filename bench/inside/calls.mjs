/**
 * Runs inside the booted system, as root: what calls of tools take in a real agent, from the model's answer that asks for
 * one to the request that brings its result, the gateway's part included. Before each answer the floor is measured, so
 * that both meet the same load. Every result is held against what it must say.
 *
 * Argument: a file with `{agent, figures: [{figure, runs, call, expect, floor, after}], coder}`; `%n` in a call is the number of
 * the run. `floor`: `{argv}`, `{sandbox: LANGUAGE, code}`, or `{client: argv}`, a program that does it once for each line
 * and prints the milliseconds; null has none. Prints one JSON object, milliseconds; each figure's first call is left out.
 */
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { now, startRecorder } from "./recorder.mjs";
import { runInSandbox } from "./sandbox-client.mjs";
import { dropTask, recordOf } from "./wakes.mjs";

const run = promisify(execFile);
const port = 18099;
const { agent, figures, coder } = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

async function timed(act) {
  const from = now();
  await act();
  return now() - from;
}

/** How the floor is measured once, and how that ends. */
function floorOf(floor) {
  if (floor === null) return { once: async () => null, end: () => undefined };
  if (floor.argv !== undefined) {
    const [program, ...args] = floor.argv;
    const options = { maxBuffer: 1 << 26 };
    return { once: () => timed(() => run(program, args, options)), end: () => undefined };
  }
  if (floor.sandbox !== undefined)
    return { once: () => runInSandbox(floor.sandbox, floor.code), end: () => undefined };
  const client = spawn(floor.client[0], floor.client.slice(1), { stdio: ["pipe", "pipe", 2] });
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const once = async () => {
    client.stdin.write("\n");
    const { value, done } = await lines.next();
    if (done) throw new Error(`${floor.client.join(" ")} ended`);
    return Number(value);
  };
  return { once, end: () => client.stdin.end() };
}

/** The clock may stand behind it. */
function lastResult({ messages }) {
  const found = messages.findLast(({ role }) => role === "tool");
  return found === undefined ? null : String(found.content);
}

/** One task that makes all calls of a figure. */
function story({ figure, runs, call, expect, floor }) {
  const [times, floors] = [[], []];
  const side = floorOf(floor);
  let asked = 0;
  let left = null;
  const answer = async (body, arrived) => {
    if (asked > 0) {
      const text = lastResult(body);
      if (text === null || !new RegExp(expect).test(text))
        throw new Error(`${figure}: ${expect} is not in: ${text}`);
      if (asked > 1) times.push(arrived - left);
    }
    if (asked > runs) {
      side.end();
      return { text: "ok" };
    }
    const took = await side.once();
    if (asked > 0 && took !== null) floors.push(took);
    asked += 1;
    const one = JSON.parse(JSON.stringify(call).replaceAll("%n", String(asked)));
    return { call: one, sent: (at) => (left = at) };
  };
  return { answer, times, floors };
}

let current = null;
const isCoder = (body) => body.response_format !== undefined;
const server = await startRecorder(port, (body, arrived) =>
  isCoder(body) ? { text: JSON.stringify(coder) } : current.answer(body, arrived),
);
const use = ["model", "use", "bench/recorder", "--base-url", `http://127.0.0.1:${port}/v1`];
await run("con", [...use, "--alias", "bench,coder"]);
const found = [];
for (const one of figures) {
  current = story(one);
  const record = await recordOf(agent, await dropTask(agent, one.figure));
  if (record.status !== "done") throw new Error(`${one.figure}: ${JSON.stringify(record)}`);
  found.push({ figure: one.figure, times: current.times, floor: current.floors });
}
server.close();
console.log(JSON.stringify(found));
process.exit(0);
