/** Limits that a test machine with the old control groups cannot show in full: what the kernel holds, and what breaks them. */
import { readFileSync } from "node:fs";
import { baseOf, run, say } from "./machine.ts";

const node = "/usr/bin/node";

/** A program in a unit of its own with these properties, and what became of it. */
function unit(name: string, properties: readonly string[], argv: readonly string[]) {
  const more = properties.flatMap((property) => ["-p", property]);
  const { code, text } = run([
    ...["systemd-run", "--wait", "--pipe", "--quiet", `--unit=${name}`, ...more, "--", ...argv],
  ]);
  const result = run(["systemctl", "show", "-P", "Result", name]).text.trim();
  return { code, result, text: text.trim().slice(-300) };
}

const forks = `const { spawn } = require("node:child_process");
let refused = 0, open = 40;
const over = () => { if (--open === 0) { console.log(40 - refused, refused); process.exit(0); } };
for (let n = 0; n < 40; n++) spawn("/usr/bin/sleep", ["20"]).on("spawn", over).on("error", () => { refused++; over(); });`;

const burn = `const began = process.hrtime.bigint(), wall = () => Number(process.hrtime.bigint() - began) / 1e9;
const before = process.cpuUsage();
while (wall() < 15);
const { user, system } = process.cpuUsage(before);
console.log(((user + system) / 1e6 / wall()).toFixed(3));`;

export function limits(): void {
  say({
    kind: "groups",
    controllers: readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").trim(),
  });
  say({ kind: "agent", ...ofAgent() });
  const eats = "Buffer.alloc(256 << 20, 1)";
  const memory = ["MemoryMax=64M", "MemorySwapMax=0"];
  say({ kind: "memory", ...unit("limit-memory", memory, [node, "-e", eats]) });
  say({ kind: "memory-free", ...unit("limit-memory-free", [], [node, "-e", eats]) });
  say({ kind: "tasks", ...unit("limit-tasks", ["TasksMax=24"], [node, "-e", forks]) });
  say({ kind: "tasks-free", ...unit("limit-tasks-free", [], [node, "-e", forks]) });
  say({ kind: "cpu", ...unit("limit-cpu", ["CPUQuota=20%"], [node, "-e", burn]) });
  say({ kind: "cpu-free", ...unit("limit-cpu-free", [], [node, "-e", burn]) });
}

/** What the kernel holds an agent's own unit to, read by the agent's own tool while the unit runs. */
function ofAgent() {
  const name = "con@power-1.service";
  const text = "run: sleep 5; echo over";
  const id = run(["con", "task", "-a", "power-1", text]).text.trim();
  const group = () => run(["systemctl", "show", "-P", "ControlGroup", name]).text.trim();
  let at = group();
  while (at === "") at = group();
  const read = (file: string) => readFileSync(`/sys/fs/cgroup${at}/${file}`, "utf8").trim();
  const held = { memory: read("memory.max"), tasks: read("pids.max"), cpu: read("cpu.max") };
  const answer = `${baseOf("power-1")}/outbox/${id}.response`;
  while (run(["test", "-e", answer]).code !== 0) run(["sleep", "1"]);
  return held;
}
