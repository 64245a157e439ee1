import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acl, fileHash, pathMode } from "../../../../src/contract/builtins/system/files.ts";
import { gpuPresent } from "../../../../src/contract/builtins/system/gpu.ts";
import { nftRule, portListening } from "../../../../src/contract/builtins/system/network.ts";
import { readNames, userExists } from "../../../../src/contract/builtins/system/people.ts";
import {
  diskFree,
  load,
  machine,
  memoryFree,
  type Sources,
} from "../../../../src/contract/builtins/system/resources.ts";
import { unitActive, unitNotFailed } from "../../../../src/contract/builtins/system/units.ts";
import type { BuiltinArguments, BuiltinCheck, Verdict } from "../../../../src/contract/types.ts";
import { probeWorld } from "../../support/contracts.ts";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-system-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** Writes a file below the directory of the test. */
function put(name: string, text: string): string {
  const file = path.join(directory, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}
const run = (check: BuiltinCheck, args: BuiltinArguments): Promise<Verdict> =>
  check(args, probeWorld());

describe("disk_free", () => {
  const stat = { bsize: 4096, blocks: 1000, bavail: 150, files: 1000, ffree: 500 };
  const disk = (change: Partial<typeof stat>, min_pct: number): Promise<Verdict> => {
    const statfs = async () => ({ ...fs.statfsSync("/"), ...stat, ...change });
    return run(diskFree({ ...machine, statfs }), { path: directory, min_pct });
  };

  it("passes at the threshold and fails below it, with the same key for other numbers", async () => {
    expect(await disk({}, 15)).toMatchObject({ state: "pass" });
    const low = await disk({ bavail: 142 }, 15);
    expect(low).toMatchObject({ state: "fail", key: "low space" });
    expect(low).toMatchObject({
      found: `14.2 % of ${directory} free (0 GiB), at least 15 % wanted`,
      remedy: expect.stringContaining(`du -xh --max-depth=3 ${directory}`),
    });
    expect(await disk({ bavail: 10 }, 15)).toMatchObject({ key: "low space" });
  });

  it("counts inodes, where the file system has them", async () => {
    expect(await disk({ ffree: 20 }, 15)).toMatchObject({ state: "fail", key: "low inodes" });
    expect(await disk({ files: 0, ffree: 0 }, 15)).toMatchObject({ state: "pass" });
  });

  it("is an error for a path that is not there", async () => {
    const none = { path: path.join(directory, "none"), min_pct: 1 };
    expect(await run(diskFree(machine), none)).toMatchObject({ state: "error" });
  });
});

describe("memory_free", () => {
  const sources = (): Sources => ({ ...machine, prefix: directory });
  const memory = (min_pct: number) => run(memoryFree(sources()), { min_pct });
  const gib = 2 ** 20;
  const host = (available: number) =>
    put("proc/meminfo", `MemTotal: ${8 * gib} kB\nMemAvailable: ${available * gib} kB\n`);

  it("takes the machine's", async () => {
    host(2);
    expect(await memory(25)).toMatchObject({
      state: "pass",
      found: "25 % of 8 GiB of memory available, at least 25 % wanted",
    });
    expect(await memory(26)).toMatchObject({ state: "fail", key: "low memory" });
  });

  it("takes the container's where that is less, without its cache", async () => {
    host(6);
    put("sys/fs/cgroup/memory.max", `${2 ** 30}\n`);
    put("sys/fs/cgroup/memory.current", `${Math.floor(2 ** 30 * 0.95)}\n`);
    expect(await memory(10)).toMatchObject({ state: "fail" });
    put("sys/fs/cgroup/memory.stat", `anon 5\ninactive_file ${2 ** 30 * 0.5}\n`);
    expect(await memory(10)).toMatchObject({
      state: "pass",
      found: expect.stringContaining("55 % of 1 GiB of memory available in this container"),
    });
  });

  it("does not mind a container without a limit", async () => {
    host(6);
    put("sys/fs/cgroup/memory.max", "max\n");
    put("sys/fs/cgroup/memory.current", "5\n");
    expect(await memory(70)).toMatchObject({ state: "pass" });
  });

  it("is an error when the kernel says nothing", async () => {
    put("proc/meminfo", "MemTotal: 5 kB\n");
    expect(await memory(1)).toMatchObject({ state: "error" });
  });
});

it("load is measured per core", async () => {
  put("proc/loadavg", "4.40 1.00 0.50 1/100 4242\n");
  const two = load({ ...machine, prefix: directory, cores: () => 2 });
  expect(await run(two, { max_factor: 2.2 })).toMatchObject({ state: "pass" });
  expect(await run(two, { max_factor: 2 })).toMatchObject({
    state: "fail",
    found: "load 4.4 on 2 cores is 2.2 per core, at most 2 wanted",
    key: "high load",
  });
});

describe("unit_active", () => {
  const ended = { code: 0, signal: null, stdout: "", stderr: "", timedOut: false };
  const blocks: Readonly<Record<string, string>> = {
    "up.service": "Result=success\nId=up.service\nLoadState=loaded\nActiveState=active\nSubState=x",
    "con@a.path":
      "Id=con@a.path\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success",
    "down.service":
      "Result=exit-code\nId=down.service\nLoadState=loaded\nActiveState=failed\nSubState=failed",
    "none.timer": "Id=none.timer\nLoadState=not-found\nActiveState=inactive\nSubState=dead",
  };
  const calls: (readonly string[])[] = [];
  const check = unitActive(async (argv) => {
    calls.push(argv);
    const names = argv.slice(argv.indexOf("--") + 1);
    return { ...ended, stdout: `${names.map((name) => blocks[name] ?? "").join("\n\n")}\n` };
  });

  it("asks once for all, and names state and result of those that are not active", async () => {
    const verdict = await run(check, { unit: Object.keys(blocks) });
    expect(calls).toHaveLength(1);
    expect(verdict).toMatchObject({
      state: "fail",
      found:
        "con@a.path is inactive (dead), wanted active; " +
        "down.service is failed (failed, exit-code), wanted active; none.timer is not-found",
      remedy: expect.stringContaining("systemctl start con@a.path"),
    });
    expect(verdict).not.toMatchObject({ found: expect.stringContaining("up.service") });
  });

  it("passes for one that is up", async () => {
    expect(await run(check, { unit: "up.service" })).toMatchObject({ state: "pass" });
  });

  it("is an error when systemd does not answer, or not for each", async () => {
    const silent = unitActive(async () => ({ ...ended, code: 1, stderr: "no bus\n" }));
    expect(await run(silent, { unit: "x.service" })).toMatchObject({ state: "error" });
    const short = unitActive(async () => ({ ...ended, stdout: "ActiveState=active\n" }));
    expect(await run(short, { unit: ["x.service", "y.service"] })).toMatchObject({
      state: "error",
    });
  });
});

describe("unit_not_failed", () => {
  const ended = { code: 0, signal: null, stdout: "", stderr: "", timedOut: false };

  it("names those that systemd lists as failed, and asks for failed ones only", async () => {
    const calls: (readonly string[])[] = [];
    const check = unitNotFailed(async (argv) => {
      calls.push(argv);
      return {
        ...ended,
        stdout: "con-upkeep@a.service loaded failed failed Upkeep of con agent a\n",
      };
    });
    expect(await run(check, { unit: ["con-upkeep@*.service"] })).toMatchObject({
      state: "fail",
      found: "con-upkeep@a.service has failed",
      remedy: expect.stringContaining("journalctl -u con-upkeep@a.service"),
    });
    expect(calls).toEqual([expect.arrayContaining(["--state=failed", "con-upkeep@*.service"])]);
  });

  it("passes where none is, and is an error where systemd does not answer", async () => {
    const none = unitNotFailed(async () => ended);
    expect(await run(none, { unit: "x.service" })).toMatchObject({ state: "pass" });
    const silent = unitNotFailed(async () => ({ ...ended, code: 1, stderr: "no bus\n" }));
    expect(await run(silent, { unit: "x.service" })).toMatchObject({ state: "error" });
  });
});

const names = () => readNames();

describe("path_mode", () => {
  it("compares mode, owner and group, and says how to mend them", async () => {
    const file = put("file", "");
    fs.chmodSync(file, 0o640);
    const mine = { owner: String(process.getuid?.()), group: String(process.getgid?.()) };
    expect(await run(pathMode(names), { path: file, mode: "640", ...mine })).toMatchObject({
      state: "pass",
    });
    expect(await run(pathMode(names), { path: file, mode: "0600" })).toMatchObject({
      state: "fail",
      found: `mode of ${file} is 0640, wanted 0600`,
      remedy: `chmod 0600 ${file}`,
    });
    expect(await run(pathMode(names), { path: file, mode: "640", owner: "nosuch" })).toMatchObject({
      state: "fail",
      remedy: `chown nosuch ${file}`,
    });
    fs.chmodSync(file, 0o4640);
    expect(await run(pathMode(names), { path: file, mode: "0640" })).toMatchObject({
      state: "fail",
    });
  });
});

describe("acl", () => {
  it("finds entries by name, and says what is missing and what is too much", async () => {
    const set = ["u:daemon:r-x,d:u:daemon:rwx,g:bin:---", directory];
    expect(spawnSync("setfacl", ["-m", ...set]).status).toBe(0);
    const ask = (args: BuiltinArguments) => run(acl(names), { path: directory, ...args });
    const has = ["user:daemon:r-x", "default:user:daemon:rwx", "group:bin:---", "user::rwx"];
    expect(await ask({ has })).toMatchObject({ state: "pass" });
    expect(await ask({ has: ["user:daemon:rwx"] })).toMatchObject({
      state: "fail",
      remedy: expect.stringContaining(`setfacl -m user:daemon:rwx ${directory}`),
    });
    expect(await ask({ has: ["user:nosuch:r-x"] })).toMatchObject({ state: "fail" });
    expect(await ask({ lacks: ["user:bin", "user:daemon:rwx"] })).toMatchObject({ state: "pass" });
    expect(await ask({ lacks: ["user:daemon"] })).toMatchObject({
      state: "fail",
      remedy: expect.stringContaining(`setfacl -x user:daemon ${directory}`),
    });
  });
});

it("file_hash compares the whole file", async () => {
  const file = put("file", "content");
  const sha256 = createHash("sha256").update("content").digest("hex");
  expect(await run(fileHash, { path: file, sha256 })).toMatchObject({ state: "pass" });
  fs.appendFileSync(file, "!");
  const changed = await run(fileHash, { path: file, sha256 });
  expect(changed).toMatchObject({ state: "fail" });
  expect(await run(fileHash, { path: directory, sha256 })).toMatchObject({ state: "error" });
});

it("user_exists compares name and uid", async () => {
  expect(await run(userExists(names), { name: "root", uid: 0 })).toMatchObject({ state: "pass" });
  expect(await run(userExists(names), { name: "root", uid: 5 })).toMatchObject({ state: "fail" });
  expect(await run(userExists(names), { name: "nosuch" })).toMatchObject({
    state: "fail",
    remedy: "con bootstrap",
  });
});

describe("port_listening", () => {
  const listening = async (args: BuiltinArguments) => (await run(portListening(""), args)).state;

  it("sees a TCP server come and go, also on IPv6 alone, and takes no client for one", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await listening({ port })).toBe("pass");
    expect(await listening({ port, protocol: "udp" })).toBe("fail");
    await new Promise((resolve) => server.close(resolve));
    expect(await listening({ port })).toBe("fail");
  });

  it("sees a Unix socket that is listened on, not one that was left behind", async () => {
    const socket = path.join(directory, "s.sock");
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    expect(await listening({ socket })).toBe("pass");
    expect(await listening({ socket: `${socket}x` })).toBe("fail");
    await new Promise((resolve) => server.close(resolve));
    expect(await listening({ socket })).toBe("fail");
  });

  it("sees UDP", async () => {
    const line = (port: string, state: string) =>
      `  1: 00000000:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000\n`;
    put("proc/net/udp", `head\n${line("0035", "07")}${line("0036", "01")}`);
    const udp = (port: number) => run(portListening(directory), { port, protocol: "udp" });
    expect(await udp(53)).toMatchObject({ state: "pass" });
    expect(await udp(54)).toMatchObject({ state: "fail" });
  });

  it("is an error where the kernel says nothing", async () => {
    expect(await run(portListening(directory), { port: 1 })).toMatchObject({ state: "error" });
  });
});

it("gpu_present counts devices of any maker", async () => {
  const gpu = (min?: number) => run(gpuPresent(directory), min === undefined ? {} : { min });
  expect(await gpu()).toMatchObject({ state: "fail" });
  expect(await gpu(0)).toMatchObject({ state: "skipped" });
  put("nvidia0", "");
  put("nvidiactl", "");
  put("dri/renderD128", "");
  expect(await gpu()).toMatchObject({ state: "pass" });
  expect(await gpu(2)).toMatchObject({ state: "fail" });
});

describe("nft_rule", () => {
  const nft = (code: number, stdout: string, stderr = "") =>
    nftRule(async () => ({ code, signal: null, stdout, stderr, timedOut: false }));
  const text = "table inet con {\n chain out {\n  meta skuid 20000 drop\n }\n}\n";

  it("finds the table and text in it", async () => {
    expect(await run(nft(0, text), { table: "con" })).toMatchObject({ state: "pass" });
    const rule = { table: "con", contains: "meta skuid 20000 drop" };
    expect(await run(nft(0, text), rule)).toMatchObject({ state: "pass" });
    expect(await run(nft(0, ""), rule)).toMatchObject({ state: "fail" });
  });

  it("tells a table that is gone from an nft that does not work", async () => {
    const gone = nft(1, "", "Error: No such file or directory\nlist table inet con\n");
    expect(await run(gone, { table: "con" })).toMatchObject({ state: "fail" });
    const refused = nft(1, "", "Operation not permitted\n");
    expect(await run(refused, { table: "con" })).toMatchObject({ state: "error" });
    expect(await run(nft(127, ""), { table: "con" })).toMatchObject({ state: "error" });
  });
});
