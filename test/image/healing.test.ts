/**
 * The timer at work in the booted system: something breaks, the right contract finds it, the steward acts,
 * the sysadmin is told once, and the incident closes when all is well again.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;

interface Line {
  readonly kind: string;
  readonly incident?: string;
  readonly contract?: string;
  readonly action?: string;
  readonly to?: string;
}

const sh = (script: string): Promise<string> => container.must(["/bin/bash", "-ec", script]);

/** A small file system of its own for the contract about space, so that filling it harms nobody else. */
const disk = `
id: CON-SYS-001
description: Space on a small file system
severity: critical
checks:
  - name: disk_free_percentage
    disk_free: {path: /srv/con/artifacts/small, min_pct: health.disk_min_free_pct}
    on_fail: {action: halt_agents, message: "Free some, then con resume"}
`;

beforeAll(async () => {
  own = await bootContainer({ contracts: "awake" });
  container = own.container;
  await container.must(["mkdir", "-p", "/etc/con/contracts", "/srv/con/artifacts/small"]);
  await container.copyIn("/etc/con/contracts/sys-001-disk.yaml", disk);
  await sh(`mount -t tmpfs -o size=8m none /srv/con/artifacts/small
    echo 'health: {interval: 1s, max_load_factor: 10000}' >>/etc/con/con.yaml
    mkdir -p /etc/systemd/system/con-healthcheck.timer.d
    printf '[Timer]\\nAccuracySec=10ms\\n' >/etc/systemd/system/con-healthcheck.timer.d/90-test.conf
    con bootstrap; systemctl daemon-reload`);
});

afterAll(async () => own?.[Symbol.asyncDispose]());

const history = async (): Promise<Line[]> => {
  const text = await sh("cat /srv/con/logs/contracts/history.jsonl 2>/dev/null || true");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Line);
};

/** Waits until `of` finds what it looks for; the test's own time limit ends it. */
async function until<T>(of: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await of();
    if (found !== null && found !== undefined && found !== false) return found;
    await pause(50);
  }
}

/** The story of the first incident of `contract` after line `from`, once it has closed. */
const closed = (contract: string, from: number): Promise<Line[]> =>
  until(async () => {
    const lines = (await history()).slice(from).filter((line) => line.contract === contract);
    const id = lines.find(({ kind }) => kind === "opened" || kind === "reopened")?.incident;
    const story = lines.filter(({ incident }) => incident !== undefined && incident === id);
    return story.some(({ kind }) => kind === "closed") && story;
  });

const kinds = (story: readonly Line[]): string[] => story.map(({ kind }) => kind);

test("the first evaluation comes by itself, half a minute after the boot", async () => {
  const latest = ["test", "-e", "/srv/con/logs/contracts/latest.json"];
  await until(async () => (await container.exec(latest)).code === 0);
  const monotonic = ["systemctl", "show", "con-healthcheck.timer", "-P", "TimersMonotonic"];
  expect(await container.must(monotonic)).toContain("OnBootUSec=30s");
});

const drifts = [
  {
    contract: "CON-AGENT-001",
    what: "an agent's directory that was opened",
    breaks: "chmod 755 /srv/con/agents/strategist/workspace",
    healed: "[ $(stat -c %a /srv/con/agents/strategist/workspace) = 700 ]",
  },
  {
    contract: "CON-NET-001",
    what: "packet rules that were flushed",
    breaks: "nft flush ruleset",
    healed: "nft list table inet con | grep -q 'counter packets'",
  },
  {
    contract: "CON-AGENT-002",
    what: "instructions that were replaced",
    breaks: "echo evil >/var/lib/con/compiled/agents/strategist/AGENTS.md",
    healed: "! grep -q evil /var/lib/con/compiled/agents/strategist/AGENTS.md",
  },
  {
    contract: "CON-UNIT-001",
    what: "a path unit that was stopped",
    breaks: "systemctl stop con@strategist.path",
    healed: "systemctl is-active -q con@strategist.path",
  },
  {
    contract: "CON-SYS-008",
    what: "a user that left its group",
    breaks: "gpasswd -d a-strategist agents",
    healed: "id -nG a-strategist | grep -qw agents",
  },
  {
    contract: "CON-CONTRACT-001",
    what: "a contract that was edited",
    breaks: "echo '# evil' >>/srv/con/contracts/net-001-rules.yaml",
    healed: "! grep -q evil /srv/con/contracts/net-001-rules.yaml",
  },
];

test.each(drifts)(
  "$what: found, put back, told once, closed",
  async ({ contract, breaks, healed }) => {
    const from = (await history()).length;
    await sh(breaks);
    const story = await closed(contract, from);
    expect(kinds(story)).toEqual(["opened", "action", "escalated", "closed"]);
    expect(story[1]?.action).toBe("reapply");
    expect(story[2]?.to).toBe("sysadmin");
    await sh(healed);
    const found = (await history()).slice(from).filter(({ kind }) => kind === "opened");
    expect(found.map((line) => line.contract)).toEqual([contract]);
  },
);

test("a full disk: all agents halted, nobody else; closed with room again; resumed by a person", async () => {
  const from = (await history()).length;
  await sh("head -c 7900000 /dev/zero >/srv/con/artifacts/small/fill");
  await until(
    async () =>
      (await container.exec(["test", "-e", "/var/lib/con/holds/_agents.json"])).code === 0,
  );
  await until(async () =>
    (await history())
      .slice(from)
      .some(({ kind, contract }) => kind === "escalated" && contract === "CON-SYS-001"),
  );
  const active = await sh(
    "systemctl list-units --state=active --no-legend --plain 'con*' | cut -d' ' -f1",
  );
  expect(active.split("\n")).toEqual(
    expect.arrayContaining(["con-gateway.socket", "con-healthcheck.timer", "con-steward.path"]),
  );
  expect(active).not.toContain("con@");
  const waiting = (await sh("con task -a strategist 'What agents are running?'")).trim();
  expect(await sh("con doctor --offline || true; con contract report || true")).toContain(
    "con resume",
  );
  await sh("rm /srv/con/artifacts/small/fill");
  const story = await closed("CON-SYS-001", from);
  expect(kinds(story)).toEqual(["opened", "action", "escalated", "closed"]);
  expect((await container.exec(["systemctl", "is-active", "con@strategist.path"])).code).not.toBe(
    0,
  );
  await sh("con resume");
  await until(async () => {
    const name = `/srv/con/agents/strategist/outbox/${waiting}.response`;
    return (await container.exec(["test", "-s", name])).code === 0;
  });
});

test("a runner that hangs: killed, its task goes on and is answered once", async () => {
  const from = (await history()).length;
  const id = (await sh("con task 'run: sleep 600'")).trim();
  await until(
    async () => (await container.exec(["pgrep", "-u", "a-concierge", "-x", "sleep"])).code === 0,
  );
  await sh("systemctl kill --kill-whom=main --signal=STOP con@concierge.service");
  // Only now, or a session of another test that takes longer than three seconds would be killed as well.
  await sh("sed -i 's/interval: 1s,/& max_session_min: 0.05,/' /etc/con/con.yaml; con bootstrap");
  const story = await closed("CON-SYS-004", from);
  expect(kinds(story)).toEqual(["opened", "action", "escalated", "closed"]);
  expect(story[1]?.action).toBe("kill_session");
  const responses = `ls /srv/con/agents/concierge/outbox | grep -c '${id}.*response$'`;
  await until(
    async () => (await container.exec(["/bin/bash", "-c", responses])).stdout.trim() === "1",
  );
});

test("who did what is written down, and nobody has edited it", async () => {
  const audit = await sh("cat /srv/con/logs/audit/actions.jsonl");
  for (const verb of ["reapply", "halt", "resume_all", "kill_session"])
    expect(audit).toContain(verb);
  await sh("con contract history --verify");
});
