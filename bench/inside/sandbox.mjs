/**
 * Runs inside the booted system, as root: how long a program that does nothing takes from the connection to the sandbox
 * until its result has come, against a bare unit with a dynamic user, and a bare Node.
 *
 * Argument: RUNS. Prints one JSON object, milliseconds.
 */
import { execFileSync } from "node:child_process";
import net from "node:net";

const runs = Number(process.argv[2]);

function frame(kind, text) {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function run(language, code) {
  const header = {
    version: 1,
    language,
    ...{ arguments: [], files: [], outputs: [], layers: [], timeoutSeconds: 60, memoryMb: 512 },
  };
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const socket = net.connect("/run/con/sandbox/socket");
    const parts = [];
    socket.write(
      Buffer.concat([frame("h", JSON.stringify(header)), frame("b", code), frame("b", "")]),
    );
    socket.on("data", (part) => {
      parts.push(part);
      if (!Buffer.concat(parts).includes('"ending"')) return;
      const took = performance.now() - from;
      socket.destroy();
      if (Buffer.concat(parts).includes('"kind":"exit","code":0')) resolve(took);
      else reject(new Error(Buffer.concat(parts).toString()));
    });
    socket.on("error", reject);
  });
}

function timed(program, ...args) {
  const from = performance.now();
  execFileSync(program, args);
  return performance.now() - from;
}

const times = { floor: [], nodeStart: [], shell: [], python: [], node: [] };
for (let n = 0; n < runs; n += 1) {
  times.floor.push(timed("systemd-run", "--quiet", "--wait", "--property=DynamicUser=yes", "true"));
  times.nodeStart.push(timed("/usr/bin/node", "-e", "0"));
  times.shell.push(await run("shell", "true"));
  times.python.push(await run("python", "pass"));
  times.node.push(await run("node", "0"));
}
process.stdout.write(JSON.stringify(times));
