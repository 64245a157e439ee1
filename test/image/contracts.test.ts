/**
 * Every shipped contract in the booted system: green at first; break the thing, see exactly this contract
 * fail with words that help; mend it, see green. `--dry-run`, so that nothing is healed before it was seen.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReportDocument } from "../../src/contract/report/document.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;

const quiet = "interval: 24h, max_load_factor: 10000";

/** Health settings of con.yaml, put into force. */
async function health(settings: string): Promise<void> {
  await sh(`sed -i '/^health:/d' /etc/con/con.yaml
    echo 'health: {${settings}}' >>/etc/con/con.yaml
    con bootstrap >/dev/null`);
}

const sh = (script: string): Promise<string> => container.must(["/bin/bash", "-ec", script]);

async function evaluate(...prefix: string[]): Promise<ReportDocument> {
  const argv = [...prefix, "con", "healthcheck", "--all", "--dry-run", "--json"];
  return JSON.parse((await container.exec(argv)).stdout) as ReportDocument;
}

const failing = ({ results, bad }: ReportDocument): string[] => [
  ...new Set([
    ...results.filter(({ state }) => state === "fail" || state === "error").map(name),
    ...bad.map(({ file }) => file),
  ]),
];
const inWords = ({ results }: ReportDocument): string =>
  results.flatMap((one) => (one.state === "pass" ? [] : [`${name(one)}: ${one.found}`])).join("\n");
const name = ({ contract, check }: { contract: string; check: string }) => `${contract} ${check}`;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await health(quiet);
  await container.exec(["con", "healthcheck", "--all"]);
});

afterAll(async () => own?.[Symbol.asyncDispose]());

describe("a fresh boot", () => {
  test("is green, with every shipped contract evaluated", async () => {
    const report = await evaluate();
    expect(failing(report)).toEqual([]);
    expect(report.ok).toBe(true);
    const shipped = await sh("sed -n 's/^id: //p' /usr/share/con/contracts/*.yaml | sort");
    const seen = new Set(report.results.map(({ contract }) => contract));
    expect([...seen].sort()).toEqual(shipped.trim().split("\n"));
    const skipped = report.results.filter(({ state }) => state === "skipped");
    expect(skipped.map(name).sort()).toEqual([
      "CON-GATEWAY-002 upstream_success",
      "CON-GATEWAY-003 ledger_intact",
      "CON-GATEWAY-004 budget_left",
    ]);
  });

  test("ends con healthcheck with 0", async () => {
    expect((await container.exec(["con", "healthcheck", "--all"])).code).toBe(0);
  });
});

interface Row {
  readonly id: string;
  readonly wrong: string;
  /** Shell text, run as root in the container. */
  readonly breaks: string;
  readonly mends: string;
  /** What the message or remedy must name. */
  readonly says: RegExp;
  /** In front of the evaluation that shall see it. */
  readonly prefix?: readonly string[];
}

const threshold = (setting: string): Pick<Row, "breaks" | "mends"> => ({
  breaks: `sed -i 's/^health:.*/health: {${quiet}, ${setting}}/' /etc/con/con.yaml; con bootstrap`,
  mends: `sed -i 's/^health:.*/health: {${quiet}}/' /etc/con/con.yaml; con bootstrap`,
});

const ledger = (statement: string): string => `node --input-type=commonjs -e '
    const Sqlite = require("/usr/lib/con/node_modules/better-sqlite3");
    const text = require("node:fs").readFileSync(0, "utf8");
    new Sqlite("/srv/con/logs/ledger/ledger.db").exec(text);' <<'SQL'
${statement}
SQL
`;

const row = (at: string, status: number, cost: number): string =>
  `INSERT INTO calls (at_ms, uid, agent, alias, model, input_tokens, output_tokens, cost_usd, status,
    latency_ms) VALUES (${at}, 0, 'root', 'smart', 'far/model', 1, 1, ${cost}, ${status}, 1);`;
const nowMs = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

const dropIn = "/etc/systemd/system/con@strategist.service.d";

const lastUpkeep = "/srv/con/agents/concierge/state/upkeep.json";

const rows: readonly Row[] = [
  {
    id: "CON-SYS-001 disk_free_percentage",
    wrong: "too little space is left",
    ...threshold("disk_min_free_pct: 99.9"),
    says: /con resume/,
  },
  {
    id: "CON-SYS-002 memory_available_percentage",
    wrong: "too little memory is left",
    ...threshold("mem_min_free_pct: 99.99"),
    says: /con resume/,
  },
  {
    id: "CON-SYS-003 load_average",
    wrong: "the machine has more to do than is allowed",
    breaks: `timeout 20 sh -c 'while :; do :; done' & 
      sed -i 's/^health:.*/health: {interval: 24h, max_load_factor: 0.000001}/' /etc/con/con.yaml
      con bootstrap; while [ "$(cut -d' ' -f1 /proc/loadavg)" = 0.00 ]; do sleep 0.5; done; kill %1`,
    mends: threshold("").mends,
    says: /con halt workers/,
  },
  {
    id: "CON-SYS-005 log_writable",
    wrong: "logs cannot be written",
    breaks: `mount --bind /srv/con/logs /srv/con/logs
      mount -o remount,bind,ro /srv/con/logs`,
    mends: "umount /srv/con/logs",
    says: /findmnt/,
  },
  {
    id: "CON-SYS-006 credentials_root_only",
    wrong: "others may read a provider key",
    breaks: "echo x >/etc/con/credentials/far.cred; chmod 644 /etc/con/credentials/far.cred",
    mends: "rm /etc/con/credentials/far.cred",
    says: /chmod 600/,
  },
  {
    id: "CON-SYS-008 users",
    wrong: "an agent's user left its group",
    breaks: "gpasswd -d a-concierge agents",
    mends: "gpasswd -a a-concierge agents",
    says: /con verify/,
  },
  {
    id: "CON-SYS-008 configuration",
    wrong: "a compiled manifest was edited",
    breaks: "sed -i 's/reflex/reflux/; s/}$/} /' /var/lib/con/compiled/gateway.json",
    mends: "con bootstrap",
    says: /con verify/,
  },
  {
    id: "CON-SYS-009 clock_jump",
    wrong: "clock and time since boot part",
    breaks: "true",
    mends: "true",
    prefix: ["unshare", "--time", "--fork", "--boottime", "86400"],
    says: /timedatectl/,
  },
  {
    id: "CON-SYS-010 journal_size",
    wrong: "the journal is too large",
    ...threshold("max_journal_mb: 0.1"),
    says: /vacuum-size/,
  },
  {
    id: "CON-SYS-011 base_units",
    wrong: "the target of the system is down",
    breaks: "systemctl stop con-ready.target",
    mends: "systemctl start con-ready.target",
    says: /systemctl start con-ready.target/,
  },
  {
    id: "CON-SYS-012 upkeep",
    wrong: "the upkeep of an agent fails",
    breaks: `rm -f ${lastUpkeep}; mkdir ${lastUpkeep}; ! systemctl start con-upkeep@concierge.service`,
    mends: `rmdir ${lastUpkeep}; systemctl start con-upkeep@concierge.service`,
    says: /systemctl start con-upkeep@/,
  },
  {
    id: "CON-AGENT-001 agent_dir_permissions",
    wrong: "an agent's directory is open to others",
    breaks: "chmod 755 /srv/con/agents/concierge/workspace",
    mends: "chmod 700 /srv/con/agents/concierge/workspace",
    says: /con verify/,
  },
  {
    id: "CON-AGENT-002 agents_md_integrity",
    wrong: "instructions were replaced",
    breaks: "echo evil >/var/lib/con/compiled/agents/concierge/AGENTS.md",
    mends: "con bootstrap",
    says: /con trace/,
  },
  {
    id: "CON-AGENT-003 privilege_free",
    wrong: "an agent is in a privileged group",
    breaks: "usermod -aG disk a-concierge",
    mends: "gpasswd -d a-concierge disk",
    says: /con agent pause/,
  },
  {
    id: "CON-AGENT-004 git_remotes_audit",
    wrong: "a repository has a remote elsewhere",
    breaks: `mkdir -p /srv/con/agents/concierge/workspace/r/.git
      printf '[remote "o"]\\n\\turl = https://evil.example/github.com/x\\n' \\
        >/srv/con/agents/concierge/workspace/r/.git/config`,
    mends: "rm -r /srv/con/agents/concierge/workspace/r",
    says: /git -C/,
  },
  {
    id: "CON-AGENT-005 secret_scan",
    wrong: "a key lies among the artifacts",
    breaks: "echo key=AKIA$(printf 'ABCDEFGHIJKLMNOP') >/srv/con/artifacts/a.env",
    mends: "rm /srv/con/artifacts/a.env",
    says: /con credential set/,
  },
  {
    id: "CON-AGENT-006 escape_attempt",
    wrong: "a drop-in takes a defence away",
    breaks: `mkdir -p /etc/systemd/system/con@.service.d
      printf '[Service]\\nInaccessiblePaths=\\n' >/etc/systemd/system/con@.service.d/90-hole.conf
      systemctl daemon-reload`,
    mends: "rm -r /etc/systemd/system/con@.service.d; systemctl daemon-reload",
    says: /systemctl cat/,
  },
  {
    id: "CON-AGENT-007 memories",
    wrong: "an agent's memory was set aside",
    breaks: "touch /srv/con/agents/concierge/state/memory.db.damaged-20270101000000000",
    mends: "rm /srv/con/agents/concierge/state/memory.db.damaged-20270101000000000",
    says: /goes on with a new memory/,
  },
  {
    id: "CON-QUEUE-001 queue_head_age",
    wrong: "a task waits and nobody takes it",
    breaks: `mkdir -p ${dropIn}
      printf '[Service]\\nExecStartPre=/bin/sleep 600\\nTimeoutStartSec=infinity\\n' >${dropIn}/90-slow.conf
      systemctl daemon-reload
      ${threshold("max_queue_age_min: 0.01").breaks}
      con task -a strategist wait; sleep 1`,
    mends: `rm -r ${dropIn}; systemctl daemon-reload
      ${threshold("").mends}
      systemctl stop con@strategist.service
      while ls /srv/con/agents/strategist/inbox/*.task 2>/dev/null; do sleep 0.2; done`,
    says: /systemctl status con@/,
  },
  {
    id: "CON-QUEUE-002 poison_tasks",
    wrong: "a task could not be read",
    breaks: `printf -- '---\\n: [\\n---\\nx\\n' >/srv/con/agents/strategist/inbox/poison.task
      while ! ls /srv/con/agents/strategist/queue/corrupt/* 2>/dev/null; do sleep 0.2; done`,
    mends: "rm /srv/con/agents/strategist/queue/corrupt/*",
    says: /con retry/,
  },
  {
    id: "CON-QUEUE-003 response_record",
    wrong: "a response has no record",
    breaks: `mkdir -p /etc/con/contracts; cd /etc/con/contracts
      sed 's/grace_s: 60/grace_s: 0/' /usr/share/con/contracts/queue-003-outbox.yaml >queue-003-outbox.yaml
      con bootstrap; cd /srv/con/agents/strategist/outbox; echo x >lone.response
      chown a-strategist: lone.response; sleep 1`,
    mends: `rm /srv/con/agents/strategist/outbox/lone.response /etc/con/contracts/queue-003-outbox.yaml
      con bootstrap`,
    says: /con show/,
  },
  {
    id: "CON-GATEWAY-001 gateway_ready",
    wrong: "the gateway does not start",
    breaks: `mkdir -p /etc/systemd/system/con-gateway.service.d
      printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\nRestart=no\\n' \\
        >/etc/systemd/system/con-gateway.service.d/90-broken.conf
      systemctl daemon-reload; systemctl stop con-gateway.service
      systemctl start con-gateway.service || true
      while ! systemctl is-failed -q con-gateway.service; do sleep 0.1; done`,
    mends: `rm -r /etc/systemd/system/con-gateway.service.d; systemctl daemon-reload
      systemctl reset-failed con-gateway.service`,
    says: /systemctl status con-gateway/,
  },
  {
    id: "CON-GATEWAY-002 upstream_success",
    wrong: "the provider fails",
    breaks: `con task --wait "What agents are running?" >/dev/null
      ${ledger(row(nowMs, 502, 0).repeat(4))}`,
    mends: ledger(row(nowMs, 200, 0).repeat(8)),
    says: /con model test/,
  },
  {
    id: "CON-GATEWAY-004 budget_left",
    wrong: "the day's money is nearly spent",
    breaks: `${ledger(row(nowMs, 200, 5))}${threshold("max_usd_per_day: 5.5").breaks}`,
    mends: threshold("").mends,
    says: /con halt agents/,
  },
  {
    id: "CON-GATEWAY-003 ledger_intact",
    wrong: "a row of the ledger is gone",
    breaks: ledger("DELETE FROM calls WHERE id = 3"),
    mends: ledger("UPDATE calls SET id = 3 WHERE id = (SELECT max(id) FROM calls)"),
    says: /provider's bill/,
  },
  {
    id: "CON-NET-001 rules",
    wrong: "packet rules were flushed",
    breaks: "nft flush ruleset",
    mends: "con bootstrap",
    says: /table inet con/,
  },
  {
    id: "CON-UNIT-001 units",
    wrong: "a path unit is stopped",
    breaks: "systemctl stop con@strategist.path",
    mends: "systemctl start con@strategist.path",
    says: /con agent pause/,
  },
  {
    id: "CON-CONTRACT-001 contracts",
    wrong: "a contract was edited where it is active",
    breaks: "echo '# x' >>/srv/con/contracts/sys-001-disk.yaml",
    mends: "con bootstrap",
    says: /\/etc\/con\/contracts/,
  },
  {
    id: "CON-LOG-001 chain",
    wrong: "a line of the history was edited",
    breaks: `cp -p /srv/con/logs/contracts/history.jsonl /root/history
      sed -i '1s/"pass":/"pass":1/' /srv/con/logs/contracts/history.jsonl`,
    mends: "mv /root/history /srv/con/logs/contracts/history.jsonl",
    says: /history --verify/,
  },
  {
    id: "/srv/con/contracts/zz-mine.yaml",
    wrong: "a contract file is malformed",
    breaks: "echo ': [' >/srv/con/contracts/zz-mine.yaml",
    mends: "rm /srv/con/contracts/zz-mine.yaml",
    says: /./,
  },
];

describe("broken on purpose", () => {
  test.each(rows)("$id: $wrong", async ({ id, breaks, mends, says, prefix = [] }) => {
    await sh(breaks);
    try {
      const report = await evaluate(...prefix);
      expect(failing(report), inWords(report)).toEqual([id]);
      const result = report.results.find((one) => name(one) === id);
      expect(`${result?.message} ${result?.remedy}`).toMatch(says);
    } finally {
      await sh(mends);
    }
    expect(failing(await evaluate())).toEqual([]);
  });

  test("the timer had no turn, or it had acted on what was broken here", async () => {
    const last = ["systemctl", "show", "con-healthcheck.timer", "-P", "LastTriggerUSec"];
    expect((await container.must(last)).trim()).toBe("");
  });

  test("every shipped contract has its turn, here or where it is healed", async () => {
    const shipped = await sh("sed -n 's/^id: //p' /usr/share/con/contracts/*.yaml | sort");
    const here = new Set(rows.map(({ id }) => id.split(" ")[0]));
    const elsewhere = ["CON-SYS-004"];
    const missing = shipped
      .trim()
      .split("\n")
      .filter((id) => !here.has(id));
    expect(missing).toEqual(elsewhere);
  });
});
