/** Untrusted code in throw-away sandboxes: what it can do, what it cannot, and that nothing is left of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEnding } from "../../src/sandbox/throwaway/types.ts";
import { digestOf } from "../../src/system/layers/digest.ts";
import { fileOf } from "../support/layer-file.ts";
import { until } from "./scripted/model.ts";
import { putProgram } from "./support/bundle.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agent = "coder";
const manifest = `/etc/con/agents.d/${agent}.yaml`;
let driver: readonly string[] = [];

interface Shown {
  readonly ending: RunEnding;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly keptBytes: number;
  readonly files: Readonly<Record<string, string>>;
  readonly missing: readonly { readonly path: string; readonly why: string }[];
}

const runAs = async (user: string, asked: readonly object[], mode = "each"): Promise<Shown[]> => {
  const input = JSON.stringify(asked);
  return JSON.parse(await container.must([...driver, mode], { user, input })) as Shown[];
};
const run = async (asked: object): Promise<Shown> =>
  (await runAs(`a-${agent}`, [asked]))[0] as Shown;
const python = (code: string, more: object = {}) => run({ language: "python", code, ...more });

const exits = (code: number, signal: number | null = null) => ({ kind: "exit", code, signal });

/** Whatever of it is there: units, users, processes, mounts, files. */
const remains = async (): Promise<string> =>
  container.must([
    "/bin/sh",
    "-c",
    `systemctl list-units --all --plain --no-legend 'con-sandbox@*'
     ls -A /run/systemd/dynamic-uid /var/lib/private
     ps -eo uid=,args= | awk '$1 >= 61184 && $1 <= 65519'
     grep con-sandbox@ /proc/1/mountinfo
     find /tmp /var/tmp /dev/shm /run/con/sandbox-root -uid +61183 -uid -65520 2>/dev/null
     true`,
  ]);

const nothingLeft = () =>
  until(async () => {
    const text = (await remains()).replaceAll(/^\/(run|var)\/.*:$|^\s*$/gm, "").trim();
    return text === "" ? true : null;
  }, "an end of all sandboxes");

/** Numbers of system calls: x86-64, arm64. What it does to its own child is the control. */
const attack = `
my $arm = \`uname -m\` =~ /aarch64/;
my %call = $arm ? (ptrace => 117, unshare => 97, mount => 40, keyctl => 219)
                : (ptrace => 101, unshare => 272, mount => 165, keyctl => 250);
my $forged = "r\\0\\0\\0\\2{}h\\0\\0\\0\\0";
syswrite STDOUT, "$forged\\n";
for my $fd (3 .. 63) { open(my $out, ">&=", $fd) or next; syswrite $out, $forged }
$| = 1;
sub said { my ($name, $did) = @_; print "$name ", ($did ? "done" : $!), "\\n" }
my @mine = grep { open(my $in, "<", $_) and <$in> =~ /sandbox\\.mjs/ } glob "/proc/[0-9]*/cmdline";
print "node ", scalar(@mine), "\\n";
said "environ", open(my $environ, "<", "/proc/1/environ");
said "memory", open(my $memory, "+<", "/proc/1/mem");
said "traced", syscall($call{ptrace}, 16, 1, 0, 0) == 0;
my $child = fork // die; if ($child == 0) { sleep 2; exit }
said "own environ", open(my $mine, "<", "/proc/$child/environ");
said "own memory", open(my $own, "+<", "/proc/$child/mem");
kill 9, 1; print "killed first\\n";
said "unshare", syscall($call{unshare}, 0x10000000) == 0;
my ($what, $where, $kind) = ("x", "/tmp", "tmpfs");
said "mount", syscall($call{mount}, $what, $where, $kind, 0, 0) == 0;
said "keyring", syscall($call{keyctl}, 0, -4, 0, 0, 0) >= 0;
open(my $status, "<", "/proc/self/status");
print grep { /^(Cap(Prm|Eff|Amb)|NoNewPrivs)/ } <$status>;
kill 9, $child;
`;

beforeAll(async () => {
  driver = await putProgram(container, "sandbox-driver");
  const text = `name: ${agent}\ndescription: Runs code\ntier: worker\nmodel: smart\ncan: {tools: [run_code]}\n`;
  await container.copyIn(manifest, text);
  await container.must(["con", "bootstrap"]);
});
afterAll(async () => {
  await container.must(["rm", manifest]);
  await container.must(["con", "bootstrap", "--prune"]);
});

describe("a run of code", () => {
  it("has arguments, input and files, and gives back what it prints and what it declares", async () => {
    const inOut = await python(
      "import sys, helper\nprint(sys.argv[1:], sys.stdin.read(), open('in/a.txt').read())\n" +
        "open('out.txt', 'w').write(helper.word)\nsys.exit(3)",
      {
        arguments: ["x y", "$(id)"],
        stdin: "said",
        files: { "in/a.txt": "given", "helper.py": "word = 'made'" },
        outputs: ["out.txt", "none.txt"],
      },
    );
    expect(inOut.ending).toEqual(exits(3));
    expect(inOut.stdout).toBe("['x y', '$(id)'] said given\n");
    expect(inOut.files).toEqual({ "out.txt": "made" });
    expect(inOut.missing).toEqual([{ path: "none.txt", why: "the code made no such file" }]);
    const shell = await run({
      language: "shell",
      code: "echo $((6 * 7)); echo no >&2; kill -9 $$",
    });
    expect([shell.stdout, shell.ending]).toEqual(["42\n", exits(137, 9)]);
    expect(shell.stderr).toContain("no\n");
    const node = await run({
      language: "node",
      code: "import fs from 'node:fs'; fs.writeFileSync('o', process.version); console.log(1)",
      outputs: ["o"],
    });
    expect([node.stdout, node.ending]).toEqual(["1\n", exits(0)]);
    expect(node.files["o"]).toMatch(/^v24/);
  });

  it("sees nobody else's files", async () => {
    const places = [
      "/etc/con",
      "/srv/con",
      "/run/con",
      "/var/lib/con",
      "/sys/kernel",
      "/home",
      "/run/systemd",
    ];
    const seen = await run({
      language: "shell",
      code: `ls -d ${places.join(" ")} /usr/bin; ls -A /run /sys /var`,
    });
    expect(seen.stdout).toBe("/usr/bin\n/run:\n\n/sys:\n\n/var:\n");
    expect(await container.must(["ls", "-d", ...places])).toContain("/srv/con");
  });

  it("is ended at its time limit, and gives what it printed until then", async () => {
    const late = await python("import time\nprint('begun')\ntime.sleep(60)", { timeoutSeconds: 2 });
    expect(late.ending).toEqual({ kind: "timeout", seconds: 2 });
    expect(late.stdout).toBe("begun\n");
  });

  it("cannot reach a port of the machine, nor any other", async () => {
    const listen = "import socket; s = socket.create_server(('127.0.0.1', 18099)); s.accept()";
    await container.must([
      "systemd-run",
      "--quiet",
      "--unit=con-test-port",
      "python3",
      "-c",
      listen,
    ]);
    const connect =
      "import socket\ntry:\n  socket.create_connection(('127.0.0.1', 18099), 5); print('reached')\n" +
      "except OSError as error: print(error)";
    const reach = () => container.must(["python3", "-c", connect]);
    const inside = await python(connect);
    expect(inside.stdout).toContain("Address family not supported");
    await until(async () => ((await reach()).includes("reached") ? true : null), "the port");
    await container.exec(["systemctl", "stop", "con-test-port.service"]);
  });
});

describe("hostile code", () => {
  it("sees, traces, signals and imitates nothing of the program that answers for it", async () => {
    const found = await run({
      language: "shell",
      code: "exec perl attack.pl",
      files: { "attack.pl": attack },
    });
    expect([found.ending, found.stderr]).toEqual([exits(0), ""]);
    expect(found.stdout.startsWith("r\0\0\0\u0002{}h\0\0\0\0")).toBe(true);
    expect(found.stdout.split("\n").slice(1)).toEqual([
      "node 0",
      "environ Permission denied",
      "memory Permission denied",
      "traced Operation not permitted",
      "own environ done",
      "own memory done",
      "killed first",
      "unshare No space left on device",
      "mount Operation not permitted",
      "keyring Operation not permitted",
      "CapPrm:\t0000000000000000",
      "CapEff:\t0000000000000000",
      "CapAmb:\t0000000000000000",
      "NoNewPrivs:\t1",
      "",
    ]);
  });

  it("is stopped by the limits of disk, output, memory and processes", async () => {
    const write = (size: string) =>
      `head -c ${size} /dev/zero >big; echo $?; head -c ${size} /dev/zero >/tmp/big; echo $?`;
    const [small, large] = [
      await run({ language: "shell", code: write("1M") }),
      await run({ language: "shell", code: write("10G") }),
    ];
    expect(small.stdout).toBe("0\n0\n");
    expect(large.stdout).toBe("1\n1\n");
    expect(large.stderr).toContain("No space left on device");
    const loud = await run({ language: "shell", code: "head -c 1G /dev/zero; echo end >&2" });
    expect([loud.ending, loud.stdoutBytes, loud.stderr]).toEqual([exits(0), 2 ** 30, "end\n"]);
    expect(loud.keptBytes).toBeLessThan(2 ** 20);
    const hog = (mb: number) =>
      python(`x = bytearray(${mb} << 20); print(len(x) >> 20)`, { memoryMb: 128 });
    expect((await hog(64)).stdout).toBe("64\n");
    expect((await hog(256)).stderr).toContain("MemoryError");
    const bomb = await python(
      "import os, time\nmade = 0\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(30); os._exit(0)\n    made += 1\n" +
        "except OSError as error: print(made, error.strerror)",
    );
    expect(bomb.stdout).toMatch(/^[1-6]\d Resource temporarily unavailable\n$/);
  });

  it("takes no more than its own terminals of those that the machine has", async () => {
    const code =
      "import os\nmade = []\ntry:\n  while len(made) < 500: made.append(os.open('/dev/ptmx', os.O_RDWR))\n" +
      "except OSError as error: print(error.strerror)\nprint(len(made), os.read(made[0], 0) == b'')";
    expect((await python(code)).stdout).toBe("No space left on device\n16 True\n");
  });

  it("leaves nothing: no survivor, no user, no file, no mount", async () => {
    const fork =
      "setsid sh -c 'echo $$ >pid; exec sleep 86422.5' </dev/null >/dev/null 2>&1 & until [ -s pid ]; do sleep 0.02; done; cat pid; touch /dev/shm/x /tmp/x /work/x";
    expect((await run({ language: "shell", code: fork })).stdout).toMatch(/^\d+\n$/);
    const alive = `${fork}; touch /work/.alive; sleep 60`;
    const late = await run({ language: "shell", code: alive, timeoutSeconds: 2 });
    expect(late.ending.kind).toBe("timeout");
    await nothingLeft();
    expect((await container.exec(["pgrep", "-f", "86422.5"])).code).toBe(1);
  });

  it("has a user of its own each time, and goes when the one who asked goes", async () => {
    const endless = { language: "shell", code: "exec sleep 86423.5", timeoutSeconds: 600 };
    const more = runAs(`a-${agent}`, [endless, endless], "together");
    const waiting = more.catch((error: unknown) => String(error));
    const users = async () => {
      const lines = (await remains()).split("\n").filter((line) => / sleep 86423.5$/.test(line));
      const uids = new Set(lines.map((line) => Number(line.trim().split(" ")[0])));
      return uids.size === 2 ? uids : null;
    };
    const agentUid = Number(await container.must(["id", "-u", `a-${agent}`]));
    expect(await until(users, "two runs with two users")).not.toContain(agentUid);
    await container.must(["pkill", "-KILL", "-f", "sandbox-driver.mjs"]);
    expect(await waiting).toContain("sandbox-driver.mjs");
    await nothingLeft();
  });
});

describe("whoever is not granted it", () => {
  it("does not reach the socket, and is refused by uid if it did", async () => {
    const ask = [{ language: "shell", code: "id" }];
    const [kernel] = await runAs("a-strategist", ask);
    expect(kernel?.ending).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("manifest") as string,
    });
    expect(
      (await container.exec(["ls", "/run/con/sandbox"], { user: "a-strategist" })).code,
    ).not.toBe(0);
    await container.must(["setfacl", "-m", "u:a-strategist:x", "/run/con/sandbox"]);
    const [program] = await runAs("a-strategist", ask);
    expect(program?.ending).toMatchObject({
      kind: "refused",
      why: expect.stringMatching(/^uid \d+/) as string,
    });
    await container.must(["con", "bootstrap"]);
  });

  it("is asked too much: refused with a reason, and nothing runs", async () => {
    const asked = [
      { language: "shell", code: "id", files: { "../x": "" } },
      { language: "shell", code: "id", files: { "main.sh": "" } },
      { language: "shell", code: "id", files: { a: "", "a/b": "" } },
      { language: "shell", code: "id", layers: ["0".repeat(64)] },
      { language: "shell", code: "id", timeoutSeconds: 601 },
      { language: "ruby", code: "id" },
    ];
    const results = await runAs(`a-${agent}`, asked);
    expect(results.map(({ ending }) => ending.kind)).toEqual(asked.map(() => "refused"));
  });

  it("gets layers read-only, and only those it names", async () => {
    const layers = "/var/lib/con/layers";
    const texts = {
      "python/depended.py": "word = 'from a layer'\n",
      "node_modules/left/index.js": "module.exports = 'from a layer'\n",
    };
    const one = digestOf(Object.entries(texts).map(([path, text]) => fileOf(path, text)));
    const two = "b".repeat(64);
    await container.must([
      "/bin/sh",
      "-ec",
      `for name in ${one} ${two}; do mkdir -p ${layers}/$name/python ${layers}/$name/node_modules/left
       echo "word = 'from a layer'" >${layers}/$name/python/depended.py
       echo "module.exports = 'from a layer'" >${layers}/$name/node_modules/left/index.js; done`,
    ]);
    const other = await python("print(1)", { layers: [two] });
    expect(JSON.stringify(other.ending)).toContain(`layer ${two} is not what it was`);
    const code = `import depended, os\nprint(depended.word, len(os.listdir('/layers')), os.listdir('/all-layers'))\nopen('/layers/${one}/python/x', 'w')`;
    const found = await python(code, { layers: [one] });
    expect(found.stdout).toBe("from a layer 1 []\n");
    expect(found.stderr).toContain("Read-only file system");
    const node = await run({
      language: "node",
      code: "import left from 'left'; console.log(left)",
      layers: [one],
    });
    expect(node.stdout).toBe("from a layer\n");
    await container.must(["rm", "-r", `${layers}/${one}`, `${layers}/${two}`]);
  });
});
