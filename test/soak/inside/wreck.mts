/**
 * Runs in the container as an agent's own user, outside of its unit, as a runner that was taken over: fills whatever is
 * the agent's, and spams others. What it makes is bounded, for the machine is shared.
 *
 * Usage: node wreck.mts AGENT AMOUNT. Prints how much of each it could make.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";

const [agent = "", amountText = "0"] = process.argv.slice(2);
const amount = Number(amountText);
const base = `/srv/con/agents/${agent}`;
const made: Record<string, number> = {};

function each(what: string, times: number, act: (index: number) => void): void {
  made[what] = 0;
  for (let index = 0; index < times; index += 1) {
    try {
      act(index);
      made[what] += 1;
    } catch (error) {
      made[`${what}: ${(error as NodeJS.ErrnoException).code}`] = index;
      return;
    }
  }
}

const uuid = (index: number): string =>
  `01900000-0000-7000-8000-${String(index).padStart(12, "0")}`;

const megabyte = Buffer.alloc(1 << 20, "x");
each("megabytes in the workspace", Math.ceil(amount / 20), (index) =>
  fs.writeFileSync(`${base}/workspace/fill-${index}`, megabyte),
);
each("files in the workspace", amount, (index) =>
  fs.writeFileSync(`${base}/workspace/inode-${index}`, ""),
);
each("junk in the outbox", amount, (index) =>
  fs.writeFileSync(`${base}/outbox/junk-${index}.response`, "junk\n"),
);
each("links in the outbox", Math.ceil(amount / 10), (index) =>
  fs.symlinkSync("/etc/shadow", `${base}/outbox/link-${index}.json`),
);
each("junk in the journal", Math.ceil(amount / 10), (index) =>
  fs.writeFileSync(`${base}/state/journal/${uuid(index)}.jsonl`, '{"kind":"prompt"'),
);
each("junk in the queue", Math.ceil(amount / 10), (index) =>
  fs.writeFileSync(`${base}/queue/active/${uuid(index)}.task`, "not stored by us"),
);
each("tasks for itself", Math.ceil(amount / 20), (index) =>
  fs.writeFileSync(`${base}/inbox/own-${String(index).padStart(6, "0")}.task`, "hello\n"),
);
each("processes", 100, () => {
  spawn("/bin/sleep", ["20"], { stdio: "ignore", detached: true }).unref();
});
console.log(JSON.stringify(made));
process.exit(0);
