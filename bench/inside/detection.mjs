/**
 * Runs inside the booted system, as root: breaks one thing after another at random moments and waits
 * until the timer has found it, the steward has mended it, and the incident has closed.
 *
 * Arguments: INTERVAL-SECONDS BREAKS. Prints one JSON object: milliseconds from each break to the line
 * `opened` in the history, to the mended thing, and to the line `closed`; and incidents nobody caused.
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const [interval, count] = process.argv.slice(2).map(Number);
const history = "/srv/con/logs/contracts/history.jsonl";
const agent = "strategist";
const workspace = `/srv/con/agents/${agent}/workspace`;
const instructions = `/var/lib/con/compiled/agents/${agent}/AGENTS.md`;
const active = "/srv/con/contracts/net-001-rules.yaml";
/** The contract that must say so, what breaks, and what holds when it is mended. */
const breaks = [
  ["CON-AGENT-001", `chmod 755 ${workspace}`, `[ "$(stat -c %a ${workspace})" = 700 ]`],
  ["CON-NET-001", "nft flush ruleset", "nft list table inet con"],
  ["CON-AGENT-002", `echo evil >${instructions}`, `! grep -q evil ${instructions}`],
  ["CON-UNIT-001", `systemctl stop con@${agent}.path`, `systemctl is-active con@${agent}.path`],
  ["CON-SYS-008", `gpasswd -d a-${agent} agents`, `id -nG a-${agent} | grep -qw agents`],
  ["CON-CONTRACT-001", `echo '# evil' >>${active}`, `! grep -q evil ${active}`],
];

/** Lines of the history with the moment at which a reader could see them. */
function follow() {
  const lines = [];
  let [taken, rest] = [fs.existsSync(history) ? fs.statSync(history).size : 0, ""];
  const look = () => {
    if (!fs.existsSync(history)) return;
    const bytes = fs.readFileSync(history).subarray(taken);
    taken += bytes.length;
    const parts = `${rest}${bytes.toString("utf8")}`.split("\n");
    rest = parts.pop();
    for (const part of parts) lines.push({ seen: Date.now(), ...JSON.parse(part) });
  };
  const timer = setInterval(look, 20);
  return { lines, stop: () => clearInterval(timer) };
}

async function until(what, everyMs, test) {
  const end = Date.now() + 10 * interval * 1000;
  for (;;) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ten intervals: ${what}`);
    await sleep(everyMs);
  }
}

const holds = async (test) => (await run("sh", ["-c", test]).catch(() => null)) !== null;
const opens = ({ kind }) => kind === "opened" || kind === "reopened";

async function breakOne(lines, [contract, program, mended]) {
  const from = lines.length;
  const at = Date.now();
  const line = (what, test) =>
    until(`${what} ${contract}`, 20, () =>
      lines.slice(from).find((one) => one.contract === contract && test(one)),
    );
  const looked = async () => {
    await until(`mended ${contract}`, 100, () => holds(mended));
    return Date.now();
  };
  await run("sh", ["-ec", program]);
  const [opened, mendedAt] = await Promise.all([line("opened", opens), looked()]);
  const closed = await line("closed", ({ kind }) => kind === "closed");
  return {
    opened: opened.seen - at,
    mended: mendedAt - at,
    closed: closed.seen - at,
    others: lines.slice(from).filter((one) => opens(one) && one.contract !== contract).length,
  };
}

const config = "/etc/con/con.yaml";
const others = fs.readFileSync(config, "utf8").replace(/^health:.*\n/m, "");
// The load is the other work of the machine, and no business of this benchmark.
fs.writeFileSync(config, `${others}health: {interval: ${interval}s, max_load_factor: 10000}\n`);
await run("con", ["bootstrap", "--json"]);
const { lines, stop } = follow();
const all = [];
for (let index = 0; index < count; index += 1) {
  await sleep(Math.random() * interval * 1000);
  all.push(await breakOne(lines, breaks[index % breaks.length]));
}
stop();
// Whatever is measured next shall not be disturbed so often.
fs.writeFileSync(config, `${others}health: {max_load_factor: 10000}\n`);
const column = (key) => all.map((one) => one[key]);
console.log(
  JSON.stringify({
    opened: column("opened"),
    mended: column("mended"),
    closed: column("closed"),
    others: column("others"),
  }),
);
