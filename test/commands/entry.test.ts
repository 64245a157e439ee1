/** `con` as a process: dispatch, exit codes, what goes where. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exit } from "../../src/system/errors.ts";
import { makeSystem, uid } from "./support.ts";

const entry = join(import.meta.dirname, "../../src/con.ts");
const nobody = 65_534;

function con(argv: readonly string[], as: number = uid) {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, NODE_NO_WARNINGS: "1" };
  const options = { env, encoding: "utf8", ...(as === uid ? {} : { uid: as, gid: as }) } as const;
  return spawnSync(process.execPath, [entry, ...argv], options);
}

const verbs = [
  ...["task", "show", "trace", "cancel", "retry", "status", "top", "logs", "responses", "dev"],
  ...["agent", "halt", "resume", "model", "credential", "contract", "healthcheck", "doctor"],
  ...["bootstrap", "verify", "reapply", "mcp"],
];

test.each(verbs)("con %s --help has an example", (verb) => {
  const { status, stdout, stderr } = con([verb, "--help"]);
  expect([status, stderr]).toEqual([exit.ok, ""]);
  expect(stdout).toContain(`Usage: con ${verb}`);
  expect(stdout).toContain("Example:\n");
});

test("con help VERB is con VERB --help", () => {
  expect(con(["help", "task"]).stdout).toBe(con(["task", "--help"]).stdout);
});

test("con, con --help and con help print the overview, con --version the version", () => {
  const { status, stdout } = con([]);
  expect(status).toBe(exit.ok);
  for (const verb of verbs) expect(stdout).toContain(`\n  ${verb} `);
  expect(con(["--help"]).stdout).toBe(stdout);
  expect(con(["help"]).stdout).toBe(stdout);
  expect(con(["--version"]).stdout).toMatch(/^con \d+\.\d+\.\d+\n$/);
});

test.each([
  [
    ["statsu"],
    exit.usage,
    "con: statsu: there is no such command: did you mean con status? see con --help\n",
  ],
  [
    ["--rot", "x"],
    exit.usage,
    "con: option --rot: there is no such global option: see con --help\n",
  ],
  [["--root"], exit.usage, "con: --root: needs a directory: see con --help\n"],
  [
    ["help", "nothing\u001b"],
    exit.usage,
    "con: nothing\\u001b: there is no such command: see con --help\n",
  ],
  [
    ["agent", "show"],
    exit.usage,
    "con: agent show: missing required argument 'name': see con agent show --help\n",
  ],
  [
    ["agent", "shwo"],
    exit.usage,
    "con: agent: there is no con agent shwo: did you mean show? see con agent --help\n",
  ],
  [["top", "x"], exit.usage, expect.stringMatching(/^con: top: too many arguments[^\n]*\n$/)],
  [["constructor"], exit.usage, "con: constructor: there is no such command: see con --help\n"],
])("con %j ends with %i and one line", (argv, code, line) => {
  const { status, stdout, stderr } = con(argv);
  expect([status, stdout, stderr]).toEqual([code, "", line]);
});

test("a stack trace only with --debug", () => {
  const { root } = makeSystem();
  expect(con(["--root", root, "show", "x"]).stderr).not.toContain("at ");
  const debug = con(["--debug", "--root", root, "show", "x"]);
  expect(debug.status).toBe(exit.badInput);
  expect(debug.stderr).toMatch(/^con: task x: [^\n]+\n.*ConError.*\n {4}at /s);
  expect(con(["--root", root, "show", "x", "--debug"]).stderr).toContain("    at ");
});

test("--root and CON_ROOT name the system; --debug behind -- is text", () => {
  const { root } = makeSystem();
  const sent = con([`--root=${root}`, "task", "--", "what", "is", "--debug"]);
  expect([sent.status, sent.stderr]).toEqual([exit.ok, ""]);
  const shown = con(["--root", root, "show", sent.stdout.trim().slice(0, 20), "--json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ state: "pending", agent: "concierge" });
});

test("a fault of ours is 70, one line, and says how to get the trace", () => {
  const { root } = makeSystem();
  // A link in a circle is nothing that the reader of the configuration expects.
  symlinkSync("circle", join(root, "circle"));
  const { status, stderr } = con(["--root", join(root, "circle"), "status"]);
  expect(status).toBe(exit.software);
  expect(stderr).toMatch(
    /^con: internal error: ELOOP.*this is a bug in con, run it with --debug.*\n$/,
  );
});

test("a reader that goes away early is no error", () => {
  const { root, settle } = makeSystem();
  for (let count = 0; count < 40; count++) settle("sysadmin", `a${count}`, "x".repeat(100_000));
  const line = `"$1" "$2" --root "$3" responses -n 40 --json | head -c 10; echo; echo "\${PIPESTATUS[0]}"`;
  const argv = ["-c", line, "bash", process.execPath, entry, root];
  const result = execFileSync("bash", argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(result.trimEnd().split("\n").at(-1)).toBe("0");
});

test("no colours where nobody sees them", () => {
  const { root, settle } = makeSystem();
  settle("sysadmin", "a", "x");
  for (const argv of [["status"], ["responses"], ["show", "a"]])
    expect(con(["--root", root, ...argv]).stdout).not.toContain("\u001b");
});

test.skipIf(uid !== 0)("what the kernel refuses is 77 with a remedy, never a crash", () => {
  const { root, put, settle } = makeSystem(["concierge"]);
  settle("concierge", "secret", "x");
  const queue = put("agents/concierge/queue/active/busy.task", "x");
  chmodSync(root, 0o755);
  const outbox = join(root, "agents/concierge/outbox");
  const run = (...argv: string[]) => con(["--root", root, ...argv], nobody);
  expect(run("status").status).toBe(exit.ok);
  expect(run("task", "x").status).toBe(exit.permission);
  chmodSync(outbox, 0o700);
  chmodSync(join(queue, ".."), 0o700);
  for (const argv of [
    ["responses"],
    ["show", "secret"],
    ["task", "--wait", "x"],
    ["trace", "busy"],
  ]) {
    const { status, stderr } = run(...argv);
    expect([argv[0], status, stderr.split("\n").length]).toEqual([argv[0], exit.permission, 2]);
    expect(stderr).toMatch(/root|trusted/);
  }
  const row = run("status")
    .stdout.split("\n")
    .find((line) => line.startsWith("concierge"));
  expect(row).toMatch(/stopped +0 +\? +0/);
});
