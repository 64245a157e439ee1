/**
 * Grants and their bounds in the booted system, as real uids: what the kernel refuses, what the runner
 * refuses, and that both take a revocation and an end of time at the very next call.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedModel, scriptModel, until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let model: ScriptedModel;

const user = "a-cap";
const base = "/srv/con/agents/cap";
const shared = "/srv/con/artifacts";

const manifest = (can: readonly string[]): Promise<void> =>
  container.copyIn(
    "/etc/con/agents.d/cap.yaml",
    ["name: cap", "tier: worker", "description: of a test", "can:", ...can, ""].join("\n"),
  );

const bootstrap = () => container.must(["con", "bootstrap"]);
const tools = "  tools: [shell, read_file, write_file, edit_file, list_files, search_files]";

const shell = (command: string) => ["shell", { command, timeout_seconds: 20 }] as const;
/** Goes on until it is killed. */
const waiting = (mark: string) =>
  ["shell", { command: `touch ${mark}; sleep 600`, timeout_seconds: 600 }] as const;
const write = (path: string) => ["write_file", { path, content: "by the tool" }] as const;

const run = async (...calls: (readonly [string, object])[]): Promise<string[]> =>
  model.answer(await model.drop(calls));

/** As the agent's user, but outside its unit: nothing but owners, modes and access lists decide. */
const asUser = async (...argv: string[]): Promise<boolean> =>
  (await container.exec(argv, { user })).code === 0;

const exists = async (path: string): Promise<boolean> =>
  (await container.exec(["test", "-e", path])).code === 0;

const uid = async (): Promise<string> => (await container.must(["id", "-u", user])).trim();

/** Connects as the agent's user: 0 = open. */
const connects = (): Promise<boolean> =>
  asUser("timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7001");

const both = [
  `  write: [${shared}/cap-a/**, ${shared}/cap-b]`,
  `  read: [${shared}/cap-r/**]`,
  "  network: ['127.0.0.1:7001']",
  tools,
];

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await manifest(both);
  await bootstrap();
  model = await scriptModel(container, { agent: "cap", socket: "" }, "answer");
  const listener = "require('net').createServer().listen(7001, '127.0.0.1')";
  await container.must([
    "systemd-run",
    "--unit=t-listen",
    "--property=Type=exec",
    "node",
    "-e",
    listener,
  ]);
});
afterAll(() => own[Symbol.asyncDispose]());

describe("what is granted", () => {
  it("works, by tools and by the kernel", async () => {
    await container.copyIn(`${shared}/cap-r/f`, "to read");
    const results = await run(
      write(`${shared}/cap-a/deep/f`),
      shell(`echo x > ${shared}/cap-b/f; cat ${shared}/cap-r/f`),
      ["read_file", { path: `${shared}/cap-r/f` }],
      ["search_files", { pattern: "to", path: `${shared}/cap-r` }],
    );
    expect(results[0]).toContain("created");
    expect(results[1]).toBe("to read[exit code 0]".replace("[", "\n["));
    expect(results[2]).toContain("to read");
    expect(results[3]).toContain("cap-r/f:1:to read");
    expect(await asUser("touch", `${shared}/cap-a/by-kernel`)).toBe(true);
    expect(await asUser("cat", `${shared}/cap-r/f`)).toBe(true);
  });
});

describe("what is not granted", () => {
  const secret = `${shared}/others`;

  it("is refused and untouched, by each tool and by the kernel", async () => {
    await container.must(["mkdir", "-p", secret]);
    await container.copyIn(`${secret}/f`, "content");
    await container.must(["chmod", "700", secret]);
    await container.copyIn("/srv/con/agents/concierge/workspace/f", "content");
    const before = await container.must(["find", secret, shared, "-printf", "%p %i %s %C@\n"]);
    const places = [
      `${secret}/f`,
      `${secret}/new/deep/f`,
      `${shared}/cap-r/new`,
      `${shared}/cap-a/../others/f`,
      `${shared}/cap-ab/f`,
      "/srv/con/agents/concierge/workspace/f",
      `${base}/state/uses.json`,
      "/etc/con/agents.d/cap.yaml",
      "/var/lib/con/compiled/agents/cap.json",
      "/proc/1/environ",
    ];
    for (const place of places) {
      const results = await run(
        write(place),
        ["write_file", { path: place, content: "x", append: true }],
        ["edit_file", { path: place, old_string: "content", new_string: "evil" }],
        shell(`mkdir -p "$(dirname ${place})" && echo evil > ${place}`),
      );
      for (const result of results.slice(0, 3)) expect(result, place).toContain("denied (");
      expect(results[3], place).not.toContain("[exit code 0]");
      // Its own state is its uid's: there the sandbox decides, not the owner.
      if (!place.startsWith(base))
        expect(await asUser("bash", "-c", `echo evil > ${place}`), place).toBe(false);
    }
    const after = await container.must(["find", secret, shared, "-printf", "%p %i %s %C@\n"]);
    expect(after).toBe(before);
    expect(await container.must(["cat", "/srv/con/agents/concierge/workspace/f"])).toBe("content");
  });

  it("is not reached by links, other names, descriptors or FIFOs that the shell makes", async () => {
    const work = `${base}/workspace`;
    const results = await run(
      shell(
        [
          `ln -sfn ${secret} ${shared}/cap-a/link`,
          `ln -sfn ${secret}/f ${work}/file-link`,
          `ln -sfn ${base}/state ${work}/state-link`,
          "ln -sfn /proc/self/fd fds",
          `ln ${secret}/f ${work}/hard || echo no-hard-link`,
          "mkfifo pipe",
          "mount --bind / . 2>&1 || echo no-mount",
        ].join("; "),
      ),
      write(`${shared}/cap-a/link/f`),
      write("file-link"),
      write("state-link/uses.json"),
      write("fds/1"),
      write("pipe"),
      ["read_file", { path: "file-link" }],
      ["read_file", { path: "pipe" }],
      ["read_file", { path: "/proc/self/fd/3" }],
      ["list_files", { path: `${shared}/cap-a/link` }],
      ["search_files", { pattern: ".", path: `${shared}/cap-a/link` }],
      shell(`echo evil > ${shared}/cap-a/link/f`),
      shell("echo evil > state-link/uses.json"),
      shell("rm -rf fds pipe file-link state-link"),
    );
    expect(results[0]).toContain("no-hard-link");
    expect(results[0]).toContain("no-mount");
    for (const result of results.slice(1, 11))
      expect(result).toMatch(/denied \(|is a symbolic link|is not a regular file/);
    for (const result of results.slice(11, 13)) expect(result).not.toContain("[exit code 0]");
    expect(await container.must(["cat", `${secret}/f`])).toBe("content");
    expect(await exists(`${base}/state/uses.json`)).toBe(false);
  });

  it("is no tool: the model that calls it reads which rule says no", async () => {
    const [result] = await run(["send_task", { agent: "concierge", text: "x" }]);
    expect(result).toContain("denied (not_granted): tool send_task; rule: can.tools in /etc/con");
  });
});

describe("a count", () => {
  it("holds over restarts of the runner, and out of the shell's reach", async () => {
    await manifest([...both.slice(0, -1), "  tools: [shell, {write_file: {uses: 2}}]"]);
    await bootstrap();
    const [first] = await run(write("1"));
    expect(first).toContain("created");
    await container.must(["systemctl", "stop", "con@cap.service"]);
    const rest = await run(
      write("2"),
      shell(`rm -rf ${base}/state; ls ${base}; echo '{}' > ${base}/state/uses.json`),
      write("3"),
    );
    expect(rest[0]).toContain("created");
    expect(rest[1]).not.toContain("state\n");
    expect(rest[2]).toContain("denied (used_up): tool write_file");
    expect(await exists(`${base}/workspace/3`)).toBe(false);
    const found = await container.must([
      "sh",
      "-c",
      `grep -h '"code":"used_up"' ${base}/state/journal/*.jsonl | tail -n 1`,
    ]);
    expect(JSON.parse(found)).toMatchObject({
      kind: "tool-result",
      denial: { code: "used_up", asked: "tool write_file" },
    });
    await manifest(both);
    await bootstrap();
  });
});

describe("a grant that is revoked while a task runs", () => {
  it("is refused at the very next call, by the runner and by the kernel", async () => {
    expect(await asUser("touch", `${shared}/cap-a/before`)).toBe(true);
    await until(async () => ((await connects()) ? true : null), "a connection");
    const name = await model.drop([
      write(`${shared}/cap-a/early`),
      waiting("waiting"),
      write(`${shared}/cap-a/late`),
      shell(`touch ${shared}/cap-a/late-too`),
      shell("exec 3<>/dev/tcp/127.0.0.1/7001 && echo connected"),
      write(`${shared}/cap-b/late`),
      shell(`touch ${shared}/cap-b/late-too`),
    ]);
    await until(
      async () => ((await exists(`${base}/workspace/waiting`)) ? true : null),
      "the task",
    );
    await manifest([`  write: [${shared}/cap-b]`, tools]);
    await bootstrap();
    const results = await model.answer(name);
    expect(results[0]).toContain("created");
    expect(results[1]).toMatch(/interrupted|the task was stopped|killed by signal 15/);
    expect(results[2]).toContain(
      `denied (not_granted): write ${shared}/cap-a/late; rule: can.write`,
    );
    expect(results[3]).not.toContain("[exit code 0]");
    expect(results[4]).not.toContain("connected");
    expect(results[5]).toContain("created");
    expect(results[6]).toBe("[exit code 0]");
    for (const path of ["late", "late-too"])
      expect(await exists(`${shared}/cap-a/${path}`)).toBe(false);
  });

  it("leaves no entry of the agent anywhere below, on what it or others made", async () => {
    const entries = await container.must(["getfacl", "-Rnp", `${shared}/cap-a`, `${shared}/cap-r`]);
    expect(entries).not.toContain(`user:${await uid()}:`);
    expect(entries).toContain("cap-a/deep/f");
    // The control: the grant that stayed has them.
    const kept = await container.must(["getfacl", "-Rnp", `${shared}/cap-b`]);
    expect(kept).toContain(`user:${await uid()}:`);
    expect(await asUser("touch", `${shared}/cap-a/x`)).toBe(false);
    expect(await asUser("cat", `${shared}/cap-a/deep/f`)).toBe(false);
    expect(await asUser("touch", `${shared}/cap-b/x`)).toBe(true);
    expect(await connects()).toBe(false);
  });

  it("stays refused by the runner when the access list is there, and the other way round", async () => {
    await container.must(["setfacl", "-m", `u:${await uid()}:rwx`, `${shared}/cap-a`]);
    expect(await asUser("touch", `${shared}/cap-a/by-drift`)).toBe(true);
    const results = await run(write(`${shared}/cap-a/x`), shell(`touch ${shared}/cap-a/x`));
    expect(results[0]).toContain("denied (not_granted)");
    expect(results[1]).not.toContain("[exit code 0]");
    await bootstrap();
    await container.must(["setfacl", "-x", `u:${await uid()}`, `${shared}/cap-b`]);
    const [kernel] = await run(write(`${shared}/cap-b/y`));
    expect(kernel).toContain("denied (kernel)");
    await bootstrap();
  });
});

describe("a grant that ends", () => {
  /** Long enough to see it hold; the rest is waited for. */
  const lastsMs = 30_000;

  it("ends by itself, whoever is in the middle of an edit of the configuration", async () => {
    const end = new Date(Date.now() + lastsMs).toISOString();
    await manifest([
      `  write: [${shared}/cap-b, {${shared}/cap-a/**: {until: ${end}}}]`,
      `  network: [{'127.0.0.1:7001': {until: ${end}}}]`,
      "  tools: [shell, read_file, list_files, search_files, edit_file, write_file]",
    ]);
    await bootstrap();
    expect(await asUser("touch", `${shared}/cap-a/before-the-end`)).toBe(true);
    await until(async () => ((await connects()) ? true : null), "a connection");
    const name = await model.drop([
      write(`${shared}/cap-a/in-time`),
      waiting("waiting-too"),
      write(`${shared}/cap-a/after`),
      shell(`touch ${shared}/cap-a/after-too`),
      write(`${shared}/cap-b/after`),
    ]);
    const yaml = await container.must(["cat", "/etc/con/con.yaml"]);
    await container.copyIn("/etc/con/con.yaml", "half an edit: [");
    try {
      const results = await model.answer(name);
      expect(results[0]).toContain("created");
      expect(results[1]).toMatch(/interrupted|the task was stopped|killed by signal 15/);
      expect(results[2]).toContain(`denied (expired): write ${shared}/cap-a/after`);
      expect(results[3]).not.toContain("[exit code 0]");
      expect(results[4]).toContain("created");
      await until(async () => ((await connects()) ? null : true), "the rules");
      expect(await asUser("touch", `${shared}/cap-a/x`)).toBe(false);
      const entries = await container.must(["getfacl", "-Rnp", `${shared}/cap-a`]);
      expect(entries).not.toContain(`user:${await uid()}:`);
    } finally {
      await container.copyIn("/etc/con/con.yaml", yaml);
    }
    await until(async () => {
      const { stdout } = await container.exec(["con", "verify"]);
      return stdout === "no drift\n" ? true : null;
    }, "con verify to agree");
  });
});
