/** Bootstrap against the real thing: systemd, users, ACLs and packet rules of a booted container. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agents = "/etc/con/agents.d";

interface Report {
  readonly changes: { readonly kind: string; readonly name: string }[];
  readonly removals: { readonly kind: string; readonly name: string }[];
  readonly problems: { readonly file: string; readonly line: number; readonly agent: string }[];
  readonly findings: { readonly what: string }[];
  readonly failures: unknown[];
}

async function bootstrap(...options: string[]): Promise<Report & { readonly code: number }> {
  const result = await container.exec(["con", "bootstrap", "--json", ...options]);
  return { ...(JSON.parse(result.stdout) as Report), code: result.code };
}

const manifest = (name: string, lines: readonly string[] = [], tier = "worker"): Promise<void> =>
  container.copyIn(
    `${agents}/${name}.yaml`,
    [`name: ${name}`, `tier: ${tier}`, "description: of a test", ...lines, ""].join("\n"),
  );

const remove = (...names: string[]): Promise<string> =>
  container.must(["rm", "-f", ...names.map((name) => `${agents}/${name}.yaml`)]);

const state = async (unit: string): Promise<string> =>
  (await container.exec(["systemctl", "is-active", unit])).stdout.trim();

const code = async (argv: readonly string[], user?: string): Promise<number> =>
  (await container.exec(argv, user === undefined ? {} : { user })).code;

const mine = ["t-one", "t-two", "t-net", "t-bad"];

beforeAll(async () => {
  expect((await bootstrap()).code).toBe(0);
});

afterAll(async () => {
  await remove(...mine);
  expect((await bootstrap("--prune")).code).toBe(0);
});

describe("a machine that was bootstrapped", () => {
  test("needs nothing the second time, and verify agrees", async () => {
    expect(await bootstrap()).toMatchObject({ code: 0, changes: [], removals: [] });
    expect((await container.exec(["con", "verify"])).code).toBe(0);
  });

  test("listens with paths, timers and sockets", async () => {
    expect(await state("con@concierge.path")).toBe("active");
    expect(await state("con@strategist.timer")).toBe("active");
    expect(await state("con-gateway.socket")).toBe("active");
  });

  test("has everything that con needs, says doctor", async () => {
    const { stdout } = await container.exec(["con", "doctor", "--json"]);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    expect(checks.filter((check) => check.state === "failure")).toEqual([]);
    expect(checks.map((check) => check.name)).toContain("tool sandbox");
  });
});

describe("drift", () => {
  const inbox = "/srv/con/agents/concierge/inbox";
  test.each([
    ["mode", ["chmod", "777", "/srv/con/agents/concierge/state"]],
    ["owner", ["chown", "root", "/srv/con/agents/concierge/workspace"]],
    ["access list", ["setfacl", "-m", "u:a-strategist:rwx", "/srv/con/agents/sysadmin/state"]],
    ["zeroed mask", ["chmod", "g=", inbox]],
    ["compiled file", ["sh", "-c", "echo '{}' > /var/lib/con/compiled/system.json"]],
    [
      "replaced file",
      ["ln", "-sf", "/etc/passwd", "/var/lib/con/compiled/agents/concierge/AGENTS.md"],
    ],
    ["unit", ["systemctl", "stop", "con@concierge.path"]],
    ["drop-in", ["rm", "/run/systemd/system/con@concierge.service.d/10-tier.conf"]],
    [
      "extra drop-in",
      ["sh", "-c", "echo > /run/systemd/system/con@concierge.service.d/99-evil.conf"],
    ],
    ["packet rules", ["nft", "add", "rule", "inet", "con", "output", "accept"]],
    ["packet table", ["nft", "delete", "table", "inet", "con"]],
    ["user", ["gpasswd", "--delete", "a-concierge", "agents"]],
  ])("of a %s is found by verify and mended by bootstrap", async (_, damage) => {
    await container.must(damage);
    expect((await container.exec(["con", "verify"])).code).toBe(1);
    expect((await bootstrap()).code).toBe(0);
    expect(await container.exec(["con", "verify"])).toMatchObject({
      code: 0,
      stdout: "no drift\n",
    });
  });
});

describe("a new agent", () => {
  test("is shown by --dry-run, which changes nothing", async () => {
    await manifest("t-one", ["can: {task: [concierge], write: [/srv/con/artifacts/t/**]}"]);
    const report = await bootstrap("--dry-run");
    expect(report.changes).toContainEqual(expect.objectContaining({ name: "a-t-one" }));
    expect(await code(["id", "a-t-one"])).not.toBe(0);
    expect(await code(["test", "-e", "/srv/con/agents/t-one"])).not.toBe(0);
  });

  test("that nobody has to answer costs no reload of PID 1", async () => {
    expect((await bootstrap()).code).toBe(0);
    const reloads = ["journalctl", "-q", "-o", "cat", "_PID=1", "--grep", "^Reloading"];
    const before = (await container.exec(reloads)).stdout;
    await manifest("t-solo", ["can: {tools: [shell]}"]);
    expect((await bootstrap()).code).toBe(0);
    expect(await state("con@t-solo.path")).toBe("active");
    await container.must(["journalctl", "--sync"]);
    expect((await container.exec(reloads)).stdout).toBe(before);
    await container.must(["rm", "/etc/con/agents.d/t-solo.yaml"]);
    expect((await bootstrap("--prune")).code).toBe(0);
  });

  test("is there after bootstrap", async () => {
    expect((await bootstrap()).code).toBe(0);
    expect(await state("con@t-one.path")).toBe("active");
    const tiers = ["systemctl", "show", "--property=DropInPaths", "--value", "con@t-one.service"];
    expect(await container.must(tiers)).toContain("10-tier.conf");
  });

  test("may do what its manifest says, and the kernel refuses the rest", async () => {
    const user = "a-t-one";
    const touch = (path: string) => code(["touch", path], user);
    expect(await touch("/srv/con/agents/concierge/inbox/.t")).toBe(0);
    expect(await touch("/srv/con/artifacts/t/x")).toBe(0);
    expect(await touch("/srv/con/agents/sysadmin/inbox/.t")).not.toBe(0);
    expect(await touch("/srv/con/artifacts/x")).not.toBe(0);
    expect(await touch("/srv/con/inbox/x.task")).not.toBe(0);
    expect(await touch("/srv/con/agents/t-one/AGENTS.md")).not.toBe(0);
    expect(await code(["cat", "/var/lib/con/compiled/gateway.json"], user)).not.toBe(0);
    expect(await code(["cat", "/var/lib/con/compiled/agents/concierge.json"], user)).not.toBe(0);
    expect(await code(["cat", "/var/lib/con/compiled/agents/t-one.json"], user)).toBe(0);
    await container.must(["rm", "/srv/con/agents/concierge/inbox/.t"]);
  });

  test("loses a grant when its manifest loses it, also on what was made before", async () => {
    await manifest("t-two", ["can: {read: [/srv/con/artifacts/t/**]}"]);
    await bootstrap();
    expect(await code(["cat", "/srv/con/artifacts/t/x"], "a-t-two")).toBe(0);
    await manifest("t-two");
    expect((await bootstrap()).code).toBe(0);
    expect(await code(["cat", "/srv/con/artifacts/t/x"], "a-t-two")).not.toBe(0);
  });
});

describe("one bad manifest", () => {
  test("is named with file and line, exits 78, and the others are applied", async () => {
    await manifest("t-bad", ["tools: [sudo]"]);
    await manifest("t-two", ["limits: {memory: 300M}"]);
    const report = await bootstrap();
    expect(report).toMatchObject({ code: 78, problems: [{ line: 4, agent: "t-bad" }] });
    expect(await code(["id", "a-t-bad"])).not.toBe(0);
    const memory = ["systemctl", "show", "--property=MemoryMax", "--value", "con@t-two.service"];
    expect((await container.must(memory)).trim()).toBe(String(300 * 2 ** 20));
    await remove("t-bad");
  });

  test("of an agent that works leaves it as it was", async () => {
    await manifest("t-two", ["schedule: not a time"]);
    const report = await bootstrap("--prune");
    expect(report).toMatchObject({
      code: 78,
      problems: [{ line: 4, agent: "t-two" }],
      removals: [],
    });
    expect(await state("con@t-two.path")).toBe("active");
    const { stdout } = await container.exec(["con", "agent", "list", "--json"]);
    expect(stdout).toContain('"t-two"');
    await manifest("t-two");
    expect((await bootstrap()).code).toBe(0);
  });

  test("con.yaml itself: nothing is applied", async () => {
    const good = await container.must(["cat", "/etc/con/con.yaml"]);
    await container.copyIn("/etc/con/con.yaml", `${good}\nnonsense: 1\n`);
    const result = await container.exec(["con", "bootstrap"]);
    await container.copyIn("/etc/con/con.yaml", good);
    expect(result.code).toBe(78);
    expect(result.stderr).toContain("there is no key nonsense");
    expect(await bootstrap()).toMatchObject({ code: 0, changes: [] });
  });
});

describe("network", () => {
  /** Exit code of a TCP connection from a user: 0 connected. */
  const connect = (user: string, port: number): Promise<number> =>
    code(["timeout", "2", "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`], user);

  test("opens what the manifest names for that uid only", async () => {
    await container.must([
      "systemd-run",
      "--unit=t-listen",
      "--property=Type=exec",
      "node",
      "-e",
      "for (const p of [7001, 7002]) require('net').createServer().listen(p, '127.0.0.1')",
    ]);
    await manifest("t-net", ["can: {network: ['127.0.0.1:7001']}"]);
    expect((await bootstrap()).code).toBe(0);
    await expect.poll(() => connect("nobody", 7002), { timeout: 90_000 }).toBe(0);
    await expect.poll(() => connect("a-t-net", 7001), { timeout: 90_000 }).toBe(0);
    expect(await connect("a-t-net", 7002)).not.toBe(0);
    expect(await connect("a-concierge", 7001)).not.toBe(0);
    await container.must(["systemctl", "stop", "t-listen"]);
    const own = (agent: string) =>
      container.must([
        "systemctl",
        "show",
        "--property=PrivateNetwork",
        "--value",
        `con@${agent}.service`,
      ]);
    expect((await own("t-net")).trim()).toBe("no");
    expect((await own("concierge")).trim()).toBe("yes");
  });

  test("a name that does not resolve opens nothing and is reported", async () => {
    await manifest("t-net", ["can: {network: ['no.such.host.invalid:443']}"]);
    const { findings, code: exitCode } = await bootstrap();
    expect(exitCode).toBe(0);
    expect(findings.map(({ what }) => what)).toContain(
      "agent t-net: network no.such.host.invalid:443",
    );
    expect(await container.must(["nft", "list", "table", "inet", "con"])).not.toContain(
      "dport 443",
    );
  });
});

describe("an agent whose manifest is gone", () => {
  test("is reported, and with --prune goes but for its data and its uid", async () => {
    const uid = await container.must(["id", "-u", "a-t-one"]);
    await container.must(["touch", "/srv/con/agents/t-one/workspace/kept"]);
    await remove("t-one");
    const report = await bootstrap();
    expect(report.findings.map(({ what }) => what)).toContain("agent t-one");
    expect(await state("con@t-one.path")).toBe("active");
    expect((await bootstrap("--prune")).code).toBe(0);
    expect(await state("con@t-one.path")).toBe("inactive");
    expect(await code(["test", "-e", "/var/lib/con/compiled/agents/t-one.json"])).not.toBe(0);
    expect(
      await container.must(["getfacl", "-cn", "/srv/con/agents/concierge/inbox"]),
    ).not.toContain(uid.trim());
    expect(await code(["test", "-e", "/srv/con/agents/t-one/workspace/kept"])).toBe(0);
    expect(await bootstrap("--prune")).toMatchObject({ changes: [], removals: [] });
    await manifest("t-one");
    expect((await bootstrap()).code).toBe(0);
    expect(await container.must(["id", "-u", "a-t-one"])).toBe(uid);
  });
});

describe("what wakes an agent besides its inbox", () => {
  /** Names in a directory of an agent. */
  const list = async (path: string): Promise<string[]> =>
    (await container.must(["ls", `/srv/con/agents/${path}`])).split("\n").filter(Boolean);

  test("a schedule delivers its task as root, so it is verified", async () => {
    const before = await list("strategist/outbox");
    await container.must(["systemctl", "start", "con-schedule@strategist.service"]);
    const fresh = async () =>
      (await list("strategist/outbox")).filter(
        (name) => !before.includes(name) && name.endsWith(".json"),
      );
    await expect.poll(async () => (await fresh()).length, { timeout: 90_000 }).toBe(1);
    const record = await container.must([
      "cat",
      `/srv/con/agents/strategist/outbox/${(await fresh())[0]}`,
    ]);
    expect(JSON.parse(record)).toMatchObject({ trust: "verified", from: { uid: 0 } });
  });

  test("the sweep finds a plain drop that no unit watches, and starts nobody else", async () => {
    await manifest("t-two");
    await bootstrap();
    await container.must(["systemctl", "stop", "con@t-two.path"]);
    await container.copyIn("/srv/con/agents/t-two/inbox/plain.task", "hello\n");
    await container.must(["systemctl", "start", "con-sweep.service"]);
    const answered = async () =>
      (await list("t-two/outbox")).some(
        (name) => name.startsWith("plain-") && name.endsWith(".response"),
      );
    await expect.poll(answered, { timeout: 90_000 }).toBe(true);
    const started = ["journalctl", "-q", "-o", "cat", "-u", "con-sweep.service", "-p", "warning"];
    expect((await container.exec(started)).stdout).toBe("");
    expect((await bootstrap()).changes.map(({ name }) => name)).toEqual(["con@t-two.path"]);
  });

  test("a sweep with nothing to do starts no process", async () => {
    const idle = [
      "systemctl",
      "show",
      "--property=ConditionResult",
      "--value",
      "con-sweep.service",
    ];
    await expect
      .poll(
        async () => {
          await container.must(["systemctl", "start", "con-sweep.service"]);
          return (await container.must(idle)).trim();
        },
        { timeout: 90_000 },
      )
      .toBe("no");
  });
});

test("only root may bootstrap", async () => {
  const result = await container.exec(["con", "bootstrap"], { user: "nobody" });
  expect(result.code).toBe(77);
  expect(result.stderr).toContain("run it as root");
});
