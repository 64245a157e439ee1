/** `con dev` as a person starts it: a process in a directory, tasks dropped as files. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { exit } from "../../../src/system/errors.ts";
import { startScriptedModel } from "../../support/scripted-model.ts";

const entry = join(import.meta.dirname, "../../../src/con.ts");
const { PATH, NODE_COMPILE_CACHE } = process.env;
const env = { PATH, NODE_COMPILE_CACHE, NODE_NO_WARNINGS: "1" };

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "con-dev-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const con = (...argv: string[]) =>
  spawnSync(process.execPath, [entry, ...argv], { encoding: "utf8", env });

interface Started {
  readonly child: ChildProcess;
  readonly banner: string;
  readonly errors: () => string;
}

/** Resolves when it says that it is ready. */
async function startDev(directory: string, more: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = spawn(process.execPath, [entry, "dev", directory], { env: { ...env, ...more } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (part: Buffer) => {
    errors += part.toString();
  });
  const banner = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (part: Buffer) => {
      text += part.toString();
      if (text.includes("Ctrl-C")) resolve(text);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return { child, banner, errors: () => errors };
}

async function stop({ child }: Started): Promise<void> {
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([exit.ok, null]);
}

test("starts from nothing, answers a dropped file and a sent task, says what it is, stops", async () => {
  const directory = makeDirectory();
  const dev = await startDev(directory);
  expect(dev.banner).toContain("NO ISOLATION");
  writeFileSync(join(directory, "inbox/hello.task"), "What agents are running?\n");
  const root = ["--root", directory];
  const sent = con(...root, "task", "--wait=600", "--json", "What agents are running?");
  expect(sent.stderr).toBe("");
  const { status, answer, record } = JSON.parse(sent.stdout);
  expect([status, record.model, record.trust]).toEqual(["done", "builtin/reflex", "verified"]);
  for (const name of ["concierge", "researcher", "strategist", "sysadmin"])
    expect(answer).toContain(name);
  expect(con(...root, "show", "hello").stdout).toContain("state:      done");
  expect(con(...root, "status").stdout).toMatch(/NO ISOLATION.*gateway waiting/s);
  expect(con(...root, "trace", "hello").stdout).toContain("builtin/reflex answered");
  expect(con("dev", directory).status).toBe(exit.tryLater);
  await stop(dev);
  expect(existsSync(join(directory, ".con/gateway.sock"))).toBe(false);
  expect(con(...root, "status").stdout).toContain("con dev is not running");
});

test("a task that was dropped while nothing ran is done at the next start", async () => {
  const directory = makeDirectory();
  await stop(await startDev(directory));
  const id = con("--root", directory, "task", "What can you do?").stdout.trim();
  const dev = await startDev(directory);
  const waiting = ["--root", directory, "task", "--wait=600", "And what else?"];
  expect(con(...waiting).status).toBe(exit.ok);
  expect(con("--root", directory, "show", id).stdout).toContain("state:      done");
  await stop(dev);
});

test("a bad manifest is told and leaves the others working; a bad con.yaml ends with 78", async () => {
  const directory = makeDirectory();
  await stop(await startDev(directory));
  writeFileSync(join(directory, "etc/agents.d/broken.yaml"), "name: broken\ntier: emperor\n");
  const dev = await startDev(directory);
  expect(dev.errors()).toMatch(/con: .*agents\.d\/broken\.yaml:2:\d+: tier/);
  expect(dev.banner).toContain("agents: concierge, researcher, strategist, sysadmin");
  await stop(dev);
  writeFileSync(join(directory, "etc/con.yaml"), "systemm: {}\n");
  const refused = con("dev", directory);
  expect([refused.status, refused.stdout]).toEqual([exit.configuration, ""]);
  expect(refused.stderr).toMatch(/con\.yaml:1:1: systemm: .*\n.*correct con\.yaml, see above/s);
});

test("a deep directory gets its socket elsewhere, and it is gone afterwards", async () => {
  const deep = join(makeDirectory(), "d".repeat(100));
  mkdirSync(deep);
  const dev = await startDev(deep);
  const shown = JSON.parse(con("--root", deep, "status", "--json").stdout);
  expect(shown.gateway.socket.length).toBeLessThan(108);
  expect(shown.gateway.state).toBe("waiting");
  await stop(dev);
  expect(existsSync(shown.gateway.socket)).toBe(false);
});

const key = "sk-test-0123456789abcdef";

test("an endpoint of the environment answers, with tools; its key lies in no file", async () => {
  const directory = makeDirectory();
  const turns = [
    { tool_calls: [{ name: "shell", arguments: { command: "pwd; env" } }] },
    { text: "looked around" },
  ];
  const model = await startScriptedModel([{ when: "look around", turns }]);
  onTestFinished(() => model.close());
  const dev = await startDev(directory, { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: key });
  const argv = [entry, "--root", directory, "task", "--wait=600", "--json", "look around"];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
  const { answer, record } = JSON.parse(stdout);
  expect([answer, record.model]).toEqual(["looked around\n", "environment/scripted-1"]);
  expect(model.requests.at(-1)?.authorization).toBe(`Bearer ${key}`);
  const trace = con("--root", directory, "trace", record.id, "--json").stdout;
  const result = JSON.parse(trace).events.find(
    (event: { kind: string }) => event.kind === "tool-result",
  );
  expect(result.text).toContain(join(directory, "agents/concierge/workspace"));
  await stop(dev);
  expect(spawnSync("grep", ["-rqF", key, directory]).status).toBe(1);
});
