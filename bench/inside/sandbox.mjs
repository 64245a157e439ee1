/**
 * Runs inside the booted system, as root: how long a program that does nothing takes from the connection to the sandbox
 * until its result has come, against a bare unit with a dynamic user, and a bare Node.
 *
 * Argument: RUNS. Prints one JSON object, milliseconds.
 */
import { execFileSync } from "node:child_process";
import { runInSandbox } from "./sandbox-client.mjs";

const runs = Number(process.argv[2]);

function timed(program, ...args) {
  const from = performance.now();
  execFileSync(program, args);
  return performance.now() - from;
}

const times = { floor: [], nodeStart: [], shell: [], python: [], node: [] };
for (let n = 0; n < runs; n += 1) {
  times.floor.push(timed("systemd-run", "--quiet", "--wait", "--property=DynamicUser=yes", "true"));
  times.nodeStart.push(timed("/usr/bin/node", "-e", "0"));
  times.shell.push(await runInSandbox("shell", "true"));
  times.python.push(await runInSandbox("python", "pass"));
  times.node.push(await runInSandbox("node", "0"));
}
process.stdout.write(JSON.stringify(times));
