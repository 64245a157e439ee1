/** The escape canary in the booted system: green as shipped, red for each defence that is taken away. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, putDriver } from "./support/con-check.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let check: Ask;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  check = await putDriver(container);
  // The image leaves no program with this bit; the canary tries what somebody put back.
  await container.must(["chmod", "u+s", "/usr/bin/umount"]);
});
afterAll(() => own[Symbol.asyncDispose]());

const folder = "/etc/systemd/system/con@concierge.service.d";
const attempt = (agent = "concierge") => check("escape_attempt", { agents: [agent] });

const reload = () => container.must(["systemctl", "daemon-reload"]);

async function weaken(...lines: readonly string[]): Promise<void> {
  await container.must(["mkdir", "-p", folder]);
  await container.copyIn(`${folder}/99-weak.conf`, `[Service]\n${lines.join("\n")}\n`);
}

async function mend(): Promise<void> {
  await container.must(["rm", "-rf", folder]);
  await reload();
}

const left = () =>
  container.must(["find", "/run/systemd/system", "/var/lib/con/health", "-name", "*canary*"]);

test("every attempt is refused on a fresh boot, for each tier, with the gateway running too", async () => {
  const verdict = await check("escape_attempt");
  expect(verdict).toMatchObject({ state: "pass", found: expect.stringContaining("as strategist") });
  await container.must(["con", "task", "--wait=60", "hello"]);
  expect(await check("escape_attempt")).toMatchObject({ state: "pass" });
  expect(await left()).toBe("");
});

test("an agent of tier worker is refused as well", async () => {
  const manifest = "name: digger\ndescription: Digs\ntier: worker\ncan: {tools: [shell]}\n";
  await container.copyIn("/etc/con/agents.d/digger.yaml", manifest);
  await container.must(["con", "bootstrap"]);
  expect(await attempt("digger")).toMatchObject({
    state: "pass",
    found: expect.stringContaining("digger"),
  });
});

describe("a drop-in", () => {
  test.each([
    ["shows /etc/con", ["InaccessiblePaths="], "read /etc/con/con.yaml"],
    ["runs it as root", ["User=root", "Group=root"], "uid"],
    ["lets programs gain rights", ["NoNewPrivileges=no"], "gain rights by /usr/bin/umount"],
    [
      "gives capabilities",
      [
        "AmbientCapabilities=CAP_DAC_OVERRIDE CAP_KILL",
        "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_KILL",
      ],
      "signal process 1",
    ],
    [
      "opens sockets",
      [
        "RestrictAddressFamilies=",
        "AmbientCapabilities=CAP_NET_RAW",
        "CapabilityBoundingSet=CAP_NET_RAW",
      ],
      "open a raw socket",
    ],
  ])("that %s is red, and green again without it", async (_, lines, key) => {
    await weaken(...lines);
    await reload();
    expect(await attempt()).toMatchObject({
      state: "fail",
      key: expect.stringContaining(`escape:concierge:${key}`),
      agents: ["concierge"],
    });
    await mend();
    expect(await attempt()).toMatchObject({ state: "pass" });
    expect(await left()).toBe("");
  });

  test("that systemd has not read yet is red with the command that reads it", async () => {
    await weaken("InaccessiblePaths=");
    expect(await attempt()).toMatchObject({ state: "fail", remedy: "systemctl daemon-reload" });
    await mend();
  });

  test("under which the canary cannot run is an error and no pass", async () => {
    await weaken("MemoryMax=8M");
    await reload();
    expect(await attempt()).toMatchObject({ state: "error" });
    await mend();
    expect(await left()).toBe("");
  });
});

test("two layers keep it from the network: with one of them gone it still holds, with both it is red", async () => {
  await weaken("PrivateNetwork=no", "RestrictAddressFamilies=");
  await reload();
  expect(await attempt()).toMatchObject({ state: "pass" });
  await container.must(["nft", "delete", "table", "inet", "con"]);
  expect(await attempt()).toMatchObject({
    state: "fail",
    key: "escape:concierge:connect to the host",
  });
  await mend();
  await container.must(["con", "bootstrap"]);
  expect(await attempt()).toMatchObject({ state: "pass" });
});

test("a neighbour's directory that root opened is red; one that it opened itself blames nobody", async () => {
  const base = "/srv/con/agents/researcher";
  await container.must(["chmod", "755", base]);
  expect(await attempt()).toMatchObject({ state: "fail", key: `escape:concierge:list ${base}` });
  await container.must(["chmod", "711", base]);
  await container.must(["chmod", "755", `${base}/workspace`], { user: "a-researcher" });
  expect(await attempt()).toMatchObject({ state: "pass" });
  await container.must(["chmod", "700", `${base}/workspace`]);
});

test("nobody of the same user can look into a process with a capability more, as the canary has", async () => {
  const run = ["systemd-run", "--quiet", "--uid=a-concierge", "--property=NoNewPrivileges=yes"];
  const caps = (names: string) =>
    ["Ambient", "Bounding"].map((kind) =>
      kind === "Ambient"
        ? `--property=AmbientCapabilities=${names}`
        : `--property=CapabilityBoundingSet=${names}`,
    );
  const look = async (names: string): Promise<number> => {
    await container.must([...run, "--unit=looked-at", ...caps(names), "sleep", "60"]);
    const shown = ["systemctl", "show", "--property=MainPID", "--value", "looked-at.service"];
    const pid = (await container.must(shown)).trim();
    const reader = [...run, "--wait", "--pipe", ...caps("CAP_LEASE"), "cat", `/proc/${pid}/maps`];
    const { code } = await container.exec(reader);
    await container.must(["systemctl", "stop", "looked-at.service"]);
    return code;
  };
  expect(await look("CAP_LEASE")).toBe(0);
  expect(await look("CAP_LEASE CAP_NET_BIND_SERVICE")).not.toBe(0);
});

test("the other checks of con are green as shipped", async () => {
  const shipped: Record<string, object> = {
    queue_age: { max_min: 60 },
    runner_stuck: { max_min: 30 },
    poison_waiting: {},
    outbox_complete: {},
    ledger_intact: {},
    upstream_success: { min_pct: 50 },
    gateway_ready: {},
    clock_jump: { max_s: 60 },
    log_writable: { path: "/srv/con/logs" },
    credential_readable_by: { users: ["root"] },
    no_secrets: { paths: ["/srv/con/artifacts", "/srv/con/agents/*/workspace"] },
    git_remotes: { allow: ["github.com"] },
    privilege_free: {},
  };
  for (const [name, args] of Object.entries(shipped))
    expect([name, await check(name, args)]).toMatchObject([name, { state: "pass" }]);
});

test("a runner that is stopped in its tracks is stuck, and named", async () => {
  const id = (await container.must(["con", "task", "run: sleep 600"])).trim();
  const active = `/srv/con/agents/concierge/queue/active/${id}.task`;
  const until = 'until [ -e "$1" ]; do sleep 0.1; done';
  await container.must(["timeout", "90", "sh", "-c", until, "sh", active]);
  await container.must(["systemctl", "kill", "--signal=STOP", "con@concierge.service"]);
  expect(await check("runner_stuck", { max_min: 30 })).toMatchObject({ state: "pass" });
  const stuck = 'until "$@" | grep -qF "con agent kill concierge"; do sleep 0.2; done';
  const driver = ["/usr/lib/con/node/bin/node", "/usr/lib/con/con-driver.mjs", "check"];
  const args = [...driver, "runner_stuck", '{"max_min": 0.03}'];
  await container.must(["timeout", "90", "sh", "-c", stuck, "sh", ...args]);
  await container.must(["systemctl", "kill", "--signal=KILL", "con@concierge.service"]);
  await container.must(["con", "cancel", id]);
});
