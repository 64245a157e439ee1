import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bootContainer, reserveContainer } from "./support/container.ts";
import { mustRun } from "./support/process.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();

test("the container boots to con-ready.target with systemd as PID 1 and no failed unit", async () => {
  // One of its own: other files do to the shared one what they test.
  await using own = await bootContainer();
  const { container } = own;
  expect((await container.must(["cat", "/proc/1/comm"])).trim()).toBe("systemd");
  expect((await container.must(["systemctl", "is-active", "con-ready.target"])).trim()).toBe(
    "active",
  );
  expect(await container.must(["systemctl", "--failed", "--plain", "--no-legend"])).toBe("");
});

test("what an earlier boot left is started when the configuration is applied, and not before", async () => {
  await using own = await bootContainer();
  const { container } = own;
  const must = (command: string) => container.must(["/bin/sh", "-euc", command]);
  const mayRun = () => container.must(["systemctl", "show", "-P", "ConditionResult", "con-sweep"]);
  // A boot that is slow, with a task that no path unit has seen.
  await must(`systemctl stop con-sweep.timer con@concierge.path
    printf 'hello' >/srv/con/agents/concierge/inbox/left.task
    mkdir /run/systemd/system/con-bootstrap.service.d
    printf '[Service]\nExecStart=\nExecStart=/bin/sleep infinity\n' \
      >/run/systemd/system/con-bootstrap.service.d/slow.conf
    systemctl daemon-reload
    systemctl restart --no-block con-bootstrap
    systemctl start --no-block con-sweep`);
  expect(await must("systemctl list-jobs --plain --no-legend")).toMatch(
    /con-sweep\.service +start +waiting/,
  );
  // And where applying fails, nothing of this is started at all.
  await must("mv /run/con/applied /run/con/kept; systemctl stop con-bootstrap");
  await must(
    "until ! systemctl list-jobs --plain --no-legend | grep -q sweep; do sleep 0.05; done",
  );
  expect((await mayRun()).trim()).toBe("no");
  await must("mv /run/con/kept /run/con/applied; systemctl start con-sweep");
  expect((await mayRun()).trim()).toBe("yes");
});

test("limits of memory and tasks hold, so no test of them is empty", async () => {
  const unit = ["systemd-run", "--wait", "--quiet"];
  const greedy = ["/usr/bin/node", "-e", "Buffer.alloc(400 << 20, 1)"];
  expect((await container.exec([...unit, "-p", "MemoryMax=150M", ...greedy])).code).not.toBe(0);
  expect((await container.exec([...unit, ...greedy])).code).toBe(0);
  const forking = ["/bin/sh", "-c", "sleep 0 & sleep 0 & sleep 0 & wait"];
  expect((await container.exec([...unit, "-p", "TasksMax=1", ...forking])).code).not.toBe(0);
});

test("the container has a network of its own, without a way out", async () => {
  const links = JSON.parse(await container.must(["ip", "-json", "link"])) as { ifname: string }[];
  expect(links.map((link) => link.ifname)).toEqual(["lo"]);
});

test("exec passes input, output, errors and the exit code through", async () => {
  const result = await container.script(
    "exec",
    { CMD: "cat; echo 'to stderr' >&2; exit 7" },
    "a\nb",
  );
  expect(result).toEqual({ code: 7, stdout: "a\nb", stderr: "to stderr\n" });
});

test("it stops while a program runs in it that somebody entered with", async () => {
  await using own = await bootContainer();
  const running = own.container.script("exec", {
    CMD: "echo up >/run/up; while :; do sleep 1; done",
  });
  await own.container.must(["/bin/sh", "-c", "until [ -e /run/up ]; do sleep 0.05; done"]);
  expect((await own.container.script("stop")).code).toBe(0);
  expect((await running).code).not.toBe(0);
});

test("no character of a setting is read by make or by a shell of the host", async () => {
  const text = `it costs $5 $(touch /tmp/con-evil) \`id\` "double" 'single' # hash`;
  const result = await mustRun(["make", "exec", `CMD=printf %s "$MSG"; cat`, `MSG=${text}`], {
    cwd: container.handle.checkout,
    input: text,
    env: { ...process.env, ...container.settings() },
  });
  // MSG stays on the host: only CMD and the input reach the container.
  expect(result.stdout).toBe(text);
});

test("a user's programs run as that user", async () => {
  const result = await container.exec(["id", "-un"], { user: "nobody" });
  expect(result.stdout.trim()).toBe("nobody");
});

test("a boot that fails says which unit, why, and what to do", async () => {
  await using own = await reserveContainer({ privateCheckout: true, build: true });
  const { checkout } = own.container.handle;
  await writeFile(
    join(checkout, "units/con-broken.service"),
    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo the reactor is cold; exit 3'\n",
  );
  await appendFile(
    join(checkout, "units/con-ready.target"),
    "\n[Unit]\nRequires=con-broken.service\nAfter=con-broken.service\n",
  );
  const result = await own.run();
  expect(result.code).toBe(69);
  expect(result.stderr).toContain("con-broken.service");
  expect(result.stderr).toContain("the reactor is cold");
  expect(result.stderr).toContain("make logs");
});
