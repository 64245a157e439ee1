/** Programs of contracts, run by the real engine as root in the booted system: what they can reach and leave. */
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Check, Probe, Result, Verdict } from "../../src/contract/types.ts";
import { builtin, check, command, contract, script } from "../contract/support/contracts.ts";
import { repository } from "./support/container.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const node = "/usr/lib/con/node/bin/node";
/** Beside the installed program, where its native packages are found. */
const driver = `/usr/lib/con/drive-${randomBytes(4).toString("hex")}.mjs`;

beforeAll(async () => {
  const outfile = join(tmpdir(), `con-drive-${process.pid}.mjs`);
  await build({
    entryPoints: [join(repository, "test/contract/support/drive.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["koffi", "better-sqlite3"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  await container.copyIn(driver, await readFile(outfile));
  await rm(outfile);
});
afterAll(() => container.must(["rm", "-f", driver]));

type Probes = Readonly<Record<string, Probe | readonly [Probe, Partial<Check>]>>;

/** Evaluates one contract per probe, all at once, the way the timer's unit starts it. */
async function evaluate<P extends Probes>(probes: P): Promise<Record<keyof P, Verdict>> {
  const contracts = Object.entries(probes).map(([id, one]) => {
    const [probe, change] = "kind" in one ? [one, {}] : one;
    return contract(id, { checks: [check(probe, change)] });
  });
  const unit = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect"];
  const secret = "--setenv=CON_TEST_SECRET=hunter2";
  const input = JSON.stringify(contracts);
  const output = await container.must([...unit, secret, node, driver], { input });
  const { results } = JSON.parse(output) as { results: Result[] };
  const entries = results.map(({ contract: id, verdict }) => [id, verdict]);
  return Object.fromEntries(entries) as Record<keyof P, Verdict>;
}

/** Shows the output of a command, which a passing check shortens. */
const shows = (run: string, user: "con-check" | "root" = "con-check") =>
  command(run, { outputMatches: "^\\b$", user });
const said = (verdict: Verdict): string =>
  verdict.state === "fail"
    ? verdict.found.replace(/^the output does not match \^\\b\$(: )?/, "")
    : "";

const running = async (pattern: string): Promise<boolean> =>
  (await container.exec(["pgrep", "-f", pattern])).code === 0;

describe("a check", () => {
  it("runs as con-check without groups, rights or our environment", async () => {
    const seen = await evaluate({
      who: shows("id -un; id -G; id -g"),
      rights: shows("grep -E '^(Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs)' /proc/self/status"),
      environment: shows("env | grep -v ^CON_HEALTH_ | cut -d= -f1 | sort"),
      limits: shows("env | grep ^CON_HEALTH_DISK"),
      files: shows("ls /proc/self/fd"),
      bounds: shows("ulimit -v; ulimit -f; ulimit -p; ulimit -c; cat /proc/self/oom_score_adj"),
    });
    const [user, groups, group] = said(seen.who).split("\n");
    expect(user).toBe("con-check");
    expect(groups).toBe(group);
    expect(said(seen.rights).match(/\t\S+/g)).toEqual([
      ...Array(4).fill(`\t${"0".repeat(16)}`),
      "\t1",
    ]);
    expect(said(seen.environment)).toBe("HOME\nLANG\nPATH\nPWD");
    expect(said(seen.limits)).toBe("CON_HEALTH_DISK_MIN_FREE_PCT=15");
    expect(said(seen.bounds)).toBe("2097152\n32768\n64\n0\n1000");
    expect(said(seen.files)).toBe("0\n1\n2\n3");
  });

  it("sees the machine read-only, as a user without rights, and no process of it", async () => {
    const places = ["/etc", "/srv/con", "/run", "/var/tmp", "/usr", "/dev"];
    const writes = places.map((place) => `touch ${place}/h 2>/dev/null && echo ${place}`);
    const seen = await evaluate({
      writes: shows(writes.join(";")),
      own: shows("echo x > /tmp/h && cat /tmp/h; ls -A /tmp | wc -l"),
      secrets: shows(
        "cat /etc/shadow /var/lib/con/compiled/gateway.json /etc/con/credentials/* 2>/dev/null",
      ),
      processes: shows("cat /proc/[0-9]*/comm | sort -u | tr '\\n' ' '"),
      unit: command("systemctl is-active con-ready.target"),
    });
    expect(said(seen.writes)).toBe("");
    expect(said(seen.own)).toBe("x\n3");
    expect(said(seen.secrets)).toBe("");
    expect(said(seen.processes)).not.toMatch(/systemd|node/);
    expect(seen.unit).toEqual({ state: "pass", found: "active" });
  });

  it("hands what it found to its test, and nothing of it to a shell", async () => {
    const seen = await evaluate({
      right: command("echo 80", { test: "[ $RESULT -le 85 ]" }),
      wrong: command("echo 91", { test: "[ $RESULT -le 85 ]" }),
      quotes: command(`echo "'; exit 0; \\$(id) %n"`, { test: `[ "$RESULT" = x ]` }),
      missing: command("no-such-program", { test: '[ -z "$RESULT" ]' }),
      perl: script({ inline: "#!/usr/bin/perl\nprint qq(uid $<\\n); exit 3;\n" }),
    });
    expect(seen.right.state).toBe("pass");
    expect(seen.wrong).toMatchObject({ state: "fail", key: "test 1: #" });
    expect(seen.quotes).toMatchObject({ state: "fail" });
    expect(seen.missing).toMatchObject({ state: "error" });
    expect(seen.perl).toMatchObject({ state: "fail", key: "exit 3: uid #" });
  });

  it("is cut at its deadline with all that it started, and delays no other", async () => {
    const mark = "8642.17";
    const hang = `setsid sleep ${mark} & (setsid nohup sleep ${mark} >/dev/null 2>&1 &) ; echo on; sleep ${mark}`;
    const soon = { timeoutSeconds: 5 };
    const seen = await evaluate({
      hangs: [command(hang), soon],
      unit: [command(hang, { user: "root" }), soon],
      deaf: [command(`trap "" TERM INT; ${hang}`), soon],
      leaves: command(`setsid sleep ${mark} & echo done`),
      leavesUnit: command(`setsid sleep ${mark} & echo done`, { user: "root" }),
    });
    expect(seen.hangs).toEqual({ state: "error", why: "no answer within 5 s: on" });
    expect(seen.deaf).toEqual({ state: "error", why: "no answer within 5 s: on" });
    expect(seen.unit).toMatchObject({ why: expect.stringMatching(/^no answer within 5 s/) });
    expect(seen.leaves).toEqual({ state: "pass", found: "done" });
    expect(seen.leavesUnit).toEqual({ state: "pass", found: "done" });
    expect(await running(`sleep ${mark}`)).toBe(false);
  });

  it("says little of a flood, and proves nothing with a part of it", async () => {
    const flood = "yes 'x\u001b[31m' | head -c 30000000";
    const seen = await evaluate({
      plain: command(`${flood}; exit 3`),
      tested: command(flood, { test: "true" }),
      root: command(`${flood}; exit 3`, { user: "root" }),
    });
    expect(seen.plain).toMatchObject({ state: "fail", key: expect.stringMatching(/^exit 3/) });
    expect(seen.root).toMatchObject({ state: "fail", key: expect.stringMatching(/^exit 3/) });
    expect(said(seen.plain).length).toBeLessThanOrEqual(500);
    expect(said(seen.plain)).toContain("\\x1b[31m");
    expect(seen.tested.state).toBe("error");
  });

  it("cannot exhaust processes or memory for those beside it", async () => {
    const seen = await evaluate({
      bomb: [command("b() { b | b & }; b; sleep 30"), { timeoutSeconds: 2 }],
      hog: command("head -c 8G /dev/zero | tail -c 7G >/dev/null"),
      fine: command("true"),
    });
    expect(seen.bomb.state).not.toBe("pass");
    expect(seen.hog.state).not.toBe("pass");
    expect(seen.fine.state).toBe("pass");
  });
});

describe("a check of root", () => {
  it("runs in a unit of its own with a /tmp of its own, and leaves no unit", async () => {
    const seen = await evaluate({
      unit: shows("id -un; tail -n 1 /proc/self/cgroup; ls -A /tmp | wc -l", "root"),
      environment: shows("env | grep -v ^CON_HEALTH_ | cut -d= -f1 | sort | tr '\\n' ' '", "root"),
      text: command(`echo "$HOME \${LANG} %n $$" | grep -qE "^/tmp C.UTF-8 %n [0-9]+$"`, {
        user: "root",
      }),
      exits: command("exit 7", { user: "root" }),
      script: script({ inline: "#!/bin/bash\necho $UID $0; exit 4", user: "root" }),
    });
    expect(said(seen.unit)).toMatch(/^root\n0::\S*\/con-check-[0-9a-f]{16}\.service\n2$/);
    expect(said(seen.environment)).not.toMatch(/CON_TEST|NOTIFY|CREDENTIALS/);
    expect(seen.text.state).toBe("pass");
    expect(seen.exits).toMatchObject({ state: "fail", key: "exit 7: " });
    expect(seen.script).toMatchObject({ found: "exit 4, wanted exit 0: 0 /tmp/con-check" });
    const units = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "con-check-*"];
    expect(await container.must(units)).toBe("");
  });
});

describe("a script in a file", () => {
  const file = "/etc/con/h2-check.sh";
  afterAll(() => container.must(["rm", "-f", file, `${file}.link`]));

  it("is run when only root may write it", async () => {
    await container.copyIn(file, "#!/bin/sh\nid -un\n", 0o644);
    expect(await evaluate({ it: script({ path: file }) })).toEqual({
      it: { state: "pass", found: "con-check" },
    });
  });

  it("is refused when others may write it, or when it is a link", async () => {
    await container.must(["ln", "-sfn", file, `${file}.link`]);
    const linked = await evaluate({ it: script({ path: `${file}.link` }) });
    expect(linked.it).toMatchObject({ why: expect.stringContaining("symbolic link") });
    await container.must(["chmod", "666", file]);
    const open = await evaluate({ it: script({ path: file, user: "root" }) });
    expect(open.it).toMatchObject({ why: expect.stringContaining("chmod go-w") });
    await container.must(["sh", "-c", 'chmod 644 "$1"; chown con-check "$1"', "sh", file]);
    expect((await evaluate({ it: script({ path: file }) })).it.state).toBe("error");
  });
});

describe("built-in checks on the real system", () => {
  it("are green for what is right and name what is wrong", async () => {
    const agent = "/srv/con/agents/concierge";
    const seen = await evaluate({
      units: builtin("unit_active", { unit: ["con@concierge.path", "con-ready.target"] }),
      noUnit: builtin("unit_active", { unit: "con-nosuch.timer" }),
      user: builtin("user_exists", { name: "a-concierge" }),
      mode: builtin("path_mode", { path: `${agent}/inbox`, mode: "3770", owner: "a-concierge" }),
      acl: builtin("acl", { path: `${agent}/inbox`, lacks: ["user:con-check"] }),
      socket: builtin("port_listening", { socket: "/run/con/gateway.sock" }),
      rules: builtin("nft_rule", { table: "con", contains: "drop" }),
      disk: builtin("disk_free", { path: "/srv/con", min_pct: 0.1 }),
      full: builtin("disk_free", { path: "/srv/con", min_pct: 100 }),
      memory: builtin("memory_free", { min_pct: 0.1 }),
      load: builtin("load", { max_factor: 1000 }),
      release: builtin("regex_in_file", { path: "/etc/os-release", pattern: "^ID=" }),
    });
    const states = Object.entries(seen).map(([name, { state }]) => `${name} ${state}`);
    expect(states.filter((one) => !one.endsWith(" pass"))).toEqual(["noUnit fail", "full fail"]);
    expect(seen.noUnit).toMatchObject({ found: "con-nosuch.timer is not-found" });
  });

  it("are not led by an agent's link to what the agent may not read", async () => {
    const workspace = "/srv/con/agents/concierge/workspace";
    const link = `${workspace}/h2-link`;
    const as = { user: "a-concierge" };
    await container.must(["ln", "-sfn", "/etc/shadow", link], as);
    const seen = await evaluate({
      text: builtin("regex_in_file", { path: link, pattern: "^root:" }),
      mode: builtin("path_mode", { path: link, mode: "0640" }),
      hash: builtin("file_hash", { path: link, sha256: "0".repeat(64) }),
      key: builtin("yaml_key", { path: link, key: "root" }),
    });
    await container.must(["rm", link], as);
    for (const [name, { state }] of Object.entries(seen)) expect(state, name).toBe("error");
  });
});
