/**
 * Runs as root inside the machine of the power cuts, at every boot: waits until what earlier boots left is done, says
 * what there is, then drops tasks until the power fails, or shows limits and switches off. Each line on standard output
 * is one JSON object; test/power/lines.ts says which.
 *
 * The kernel's command line has `con.power=feed|limits` and `con.boot=N`. Imports only Node and what lies beside it.
 */
import { readFileSync } from "node:fs";
import { feed } from "./feed.ts";
import { limits } from "./limits.ts";
import { agents, run, say } from "./machine.ts";
import { settled, stateOf } from "./state.ts";

const setting = (key: string): string =>
  new RegExp(`(?:^| )con\\.${key}=(\\S+)`).exec(readFileSync("/proc/cmdline", "utf8"))?.[1] ?? "";

/** The agents that this boot, or one before it, has made. */
function demandAgents(): void {
  for (const name of agents) {
    const active = run(["systemctl", "is-active", `con@${name}.path`]).text.trim();
    if (active === "active") continue;
    const { text } = run(["journalctl", "-q", "-n", "20", "-u", "con-bootstrap.service"]);
    throw new Error(`con@${name}.path is ${active}: ${text.slice(-1500)}`);
  }
}

async function main(): Promise<void> {
  const boot = Number(setting("boot"));
  say({ kind: "booted", system: run(["systemctl", "is-system-running"]).text.trim() });
  demandAgents();
  const left = await settled();
  say({ kind: "state", left, ...stateOf() });
  if (setting("power") === "feed") return await feed(boot);
  limits();
  say({ kind: "end" });
  run(["systemctl", "poweroff"]);
}

await main().catch((error: unknown) => {
  say({ kind: "trouble", why: String(error) });
});
