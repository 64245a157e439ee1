/** gateway_ready, clock_jump, journal_size, log_writable, credential_readable_by, privilege_free. */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAcl } from "../../../../src/host/acl.ts";
import { fullAcl } from "../../../../src/host/acl-entries.ts";
import { exec } from "../../../../src/system/exec.ts";
import { Bed, said } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.remove());

describe("gateway_ready", () => {
  let asked = 0;
  let up = 1000;
  let server: http.Server | null = null;
  beforeEach(() => {
    asked = 0;
    up = 1000;
  });
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = null;
  });

  function units(socket: string, service: string): void {
    const block = (id: string, states: string) => {
      const [active, sub] = states.split("/");
      return `Id=con-gateway.${id}\nActiveState=${active}\nSubState=${sub}\nResult=exit-code\nInvocationID=1\n`;
    };
    const text = `${block("socket", socket)}\n${block("service", service)}`;
    bed.places = { ...bed.places, uptime: () => up, exec: async () => said(text) };
  }

  async function serve(status: number): Promise<void> {
    server = http.createServer((_, response) => {
      asked += 1;
      response.writeHead(status).end("{}");
    });
    await new Promise<void>((resolve) => server?.listen(bed.places.gatewaySocket, resolve));
  }

  const ask = () => bed.ask("gateway_ready", {});

  test("an idle one is not woken", async () => {
    await serve(200);
    units("active/listening", "inactive/dead");
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(asked).toBe(0);
  });

  test("one that runs is asked at first and then seldom, so that it may end", async () => {
    await serve(200);
    units("active/running", "active/running");
    for (const wait of [0, 60, 60, 500]) {
      up += wait;
      expect(await ask()).toMatchObject({ state: "pass" });
    }
    expect(asked).toBe(2);
  });

  test("one that does not answer is asked each time until it does", async () => {
    units("active/running", "active/running");
    expect(await ask()).toMatchObject({ state: "fail", key: "gateway:silent:ENOENT" });
    await serve(500);
    expect(await ask()).toMatchObject({ state: "fail", key: "gateway:silent:status 500" });
  });

  test.each([
    ["inactive/dead", "inactive/dead", "gateway:socket"],
    ["active/listening", "failed/failed", "gateway:service:exit-code"],
    ["active/listening", "activating/auto-restart", "gateway:service:exit-code"],
  ])("socket %s with service %s is red", async (socket, service, key) => {
    units(socket, service);
    expect(await ask()).toMatchObject({ state: "fail", key });
  });
});

describe("clock_jump", () => {
  let up = 1000;
  const ask = () => bed.ask("clock_jump", { max_s: 60 });
  beforeEach(() => {
    up = 1000;
    bed.places = { ...bed.places, uptime: () => up };
  });

  test.each([
    [3600, "clock:forward"],
    [-3600, "clock:back"],
  ])("a jump of %i s is reported once", async (seconds, key) => {
    expect(await ask()).toMatchObject({ state: "pass" });
    up += 60;
    bed.now += 60_000;
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now += seconds * 1000;
    expect(await ask()).toMatchObject({ state: "fail", key });
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("another boot is no jump", async () => {
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.places = { ...bed.places, bootId: () => "boot-2" };
    up = 5;
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a clock before the build or before the history is red", async () => {
    bed.write("con.mjs", "");
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.forget();
    bed.now -= 48 * 3600_000;
    expect(await ask()).toMatchObject({ state: "fail", key: "clock:build" });
    bed.forget();
    fs.unlinkSync(path.join(bed.directory, "con.mjs"));
    bed.write("history.jsonl", "");
    expect(await ask()).toMatchObject({ state: "fail", key: "clock:history" });
  });
});

test("journal_size counts both places", async () => {
  bed.write("var/log/journal/machine/a.journal", Buffer.alloc(3 << 20, 1));
  bed.write("run/log/journal/machine/b.journal", Buffer.alloc(3 << 20, 1));
  expect(await bed.ask("journal_size", { max_mb: 7 })).toMatchObject({ state: "pass" });
  expect(await bed.ask("journal_size", { max_mb: 5 })).toMatchObject({ state: "fail" });
});

test("log_writable tries, and removes what it made", async () => {
  const folder = bed.agent("ada", "workspace");
  expect(await bed.ask("log_writable", { path: folder })).toMatchObject({ state: "pass" });
  expect(fs.readdirSync(folder)).toEqual([]);
  const missing = await bed.ask("log_writable", { path: `${folder}/none` });
  expect(missing).toMatchObject({ state: "fail", key: "write:ENOENT" });
  const readOnly = await bed.ask("log_writable", { path: "/proc" });
  expect(readOnly).toMatchObject({ state: "fail", key: expect.stringMatching(/^write:E/) });
});

test("a wrong argument is an error and no pass", async () => {
  expect(await bed.ask("queue_age", { max_min: "soon" })).toMatchObject({ state: "error" });
});

describe.runIf(process.getuid?.() === 0)("credential_readable_by", () => {
  const ask = (args: object = {}) =>
    bed.ask("credential_readable_by", { users: ["root"], ...args });
  let file = "";
  beforeEach(() => {
    fs.chmodSync(path.join(bed.directory, "credentials"), 0o700);
    file = bed.write("credentials/key.cred", "x", 0o600);
  });

  test("root's alone is green; a missing one that is named is red", async () => {
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(await ask({ name: "key" })).toMatchObject({ state: "pass" });
    expect(await ask({ name: "other" })).toMatchObject({ state: "fail", key: "missing:other" });
  });

  test.each<[string, () => void]>([
    ["a mode for all", () => fs.chmodSync(file, 0o644)],
    ["another owner", () => fs.chownSync(file, 20_000, 0)],
    ["another group", () => fs.chownSync(file, 0, 20_000)],
    ["a second name", () => fs.linkSync(file, path.join(bed.directory, "stolen"))],
    [
      "an access list",
      () => openAcl().set(file, "access", fullAcl(0o600, [{ tag: "user", id: 20_000, perms: 4 }])),
    ],
    [
      "a link",
      () => {
        fs.unlinkSync(file);
        fs.symlinkSync("/etc/passwd", file);
      },
    ],
    ["a directory that all may write", () => fs.chmodSync(path.dirname(file), 0o777)],
  ])("%s is red", async (_, damage) => {
    damage();
    expect(await ask()).toMatchObject({ state: "fail" });
  });
});

describe("privilege_free", () => {
  const ask = () => bed.ask("privilege_free", {});
  const passwd = (shell: string) => {
    const home = bed.agent("bob", "workspace");
    bed.write("etc/passwd", `a-bob:x:20001:20001:con agent bob:${home}:${shell}\n`);
  };
  beforeEach(() => {
    bed.places = { ...bed.places, exec };
    passwd("/usr/sbin/nologin");
    bed.write("var/lib/con/uids.json", JSON.stringify({ version: 1, uids: { bob: 20_001 } }));
    bed.write("etc/shadow", "a-bob:!*:20000::::::\n");
    bed.write("etc/group", "sudo:x:27:\nagents:x:19990:a-bob\n");
    bed.write("etc/sudoers", "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL) ALL\n# a-bob: no\n");
  });

  test("an ordinary agent is green", async () => {
    expect(await ask()).toMatchObject({ state: "pass", found: "1 agents without privileges" });
  });

  test.each<[string, string, () => void]>([
    [
      "a sudo rule",
      "sudoers",
      () => bed.write("etc/sudoers.d/x", "a-bob ALL=(ALL) NOPASSWD: ALL\n"),
    ],
    [
      "a rule for the group",
      "sudoers",
      () => bed.write("etc/sudoers.d/x", "%agents ALL=(ALL) ALL\n"),
    ],
    ["a rule by number", "sudoers", () => bed.write("etc/sudoers", "#20001 ALL=(ALL) ALL\n")],
    ["a rule for all", "sudoers", () => bed.write("etc/sudoers", "ALL ALL=(ALL) NOPASSWD: /x\n")],
    ["group sudo", "sudo", () => bed.write("etc/group", "sudo:x:27:root,a-bob\n")],
    ["primary group", "disk", () => bed.write("etc/group", "disk:x:20001:\n")],
    ["group trusted", "trusted", () => bed.write("etc/group", "trusted:x:19991:a-bob\n")],
    ["a shell", "shell", () => passwd("/bin/bash")],
    [
      "a temporary agent in group sudo",
      "sudo",
      () => {
        bed.write("etc/passwd", "x:x:60601:60601::/:/usr/sbin/nologin\n");
        bed.write("etc/group", "sudo:x:27:x\n");
      },
    ],
    ["a password", "password", () => bed.write("etc/shadow", "a-bob:$6$x:20000::::::\n")],
    ["no password", "password", () => bed.write("etc/shadow", "a-bob::20000::::::\n")],
    ["a crontab", "cron", () => bed.write("var/spool/cron/crontabs/a-bob", "* * * * * x\n")],
    ["a system job", "cron", () => bed.write("etc/cron.d/x", "* * * * * a-bob x\n")],
    ["lingering", "linger", () => bed.write("var/lib/systemd/linger/a-bob", "")],
    [
      "a user manager",
      "manager",
      () => fs.mkdirSync(path.join(bed.directory, "run/user/20001"), { recursive: true }),
    ],
    ["a key", "ssh", () => bed.write(bed.agent("bob", "workspace/.ssh/authorized_keys"), "x")],
    [
      "a set-user-id file",
      "setuid",
      () => fs.chmodSync(bed.write(bed.agent("bob", "workspace/x"), "x"), 0o4755),
    ],
  ])("%s is red", async (_, key, give) => {
    give();
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", key: expect.stringContaining(key) });
    expect((verdict as { remedy: string | null }).remedy).not.toBeNull();
  });

  test("a person with a number of the agents' range or a name like theirs is no agent", async () => {
    const people =
      "bob:x:20003:20003:Bob:/home/bob:/bin/bash\na-team:x:1001:1001::/home/x:/bin/sh\n";
    bed.write("etc/passwd", `${fs.readFileSync(path.join(bed.directory, "etc/passwd"))}${people}`);
    bed.write("etc/group", "trusted:x:19991:bob,a-team\nagents:x:19990:a-bob\n");
    bed.write("etc/sudoers", "#20003 ALL=(ALL) ALL\na-team ALL=(ALL) ALL\n");
    expect(await ask()).toMatchObject({ state: "pass", found: "1 agents without privileges" });
  });

  test("whoever is in group agents is one, whatever its number", async () => {
    bed.write("etc/passwd", "robot:x:1005:1005::/home/robot:/bin/bash\n");
    bed.write("etc/group", "agents:x:19990:robot\n");
    expect(await ask()).toMatchObject({ state: "fail", agents: ["robot"] });
  });

  test.each([
    ["damaged", "{"],
    ["missing", null],
  ])(
    "with a %s list of numbers everybody of the range is one, and that is said",
    async (word, text) => {
      if (text === null) fs.unlinkSync(path.join(bed.directory, "var/lib/con/uids.json"));
      else bed.write("var/lib/con/uids.json", text);
      bed.write("etc/group", "sudo:x:27:a-bob\n");
      const key = expect.stringContaining(`privilege:registry:${word}`);
      expect(await ask()).toMatchObject({ state: "fail", key, agents: ["bob"] });
    },
  );

  test("many set-user-id files of one agent hide no privilege of another", async () => {
    // Paths of 3 kB each, more than a MiB together.
    const long = Array.from({ length: 12 }, () => "x".repeat(240)).join("/");
    const flood = bed.agent("ada", "workspace", long);
    fs.mkdirSync(flood, { recursive: true });
    for (let n = 0; n < 400; n += 1)
      fs.chmodSync(bed.write(path.join(flood, String(n)), ""), 0o4755);
    fs.chmodSync(bed.write(bed.agent("bob", "workspace/own"), "x"), 0o4755);
    bed.write("etc/group", "sudo:x:27:a-bob\n");
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    const { found } = verdict as { found: string };
    expect(found).toContain("a-bob is in group sudo");
    expect(found).toContain("bob/workspace/own is set-user-id");
    expect(found).toMatch(/agents\/ada has (more of them than can be told|\d+ more set-user-id)/);
  });
});
