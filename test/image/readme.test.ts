/**
 * Runs every command of README.md and of docs/ where its fence says (see test/commands/readme.ts) and fails when
 * one fails. Host commands go to the shared container, as if its name were the default.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  readPage,
  repository,
  shellBlocks,
  type Where,
  writtenByHand,
} from "../commands/readme.ts";
import { runProgram } from "./support/process.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const blocks = writtenByHand().flatMap((page) =>
  shellBlocks(readPage(page), page).map((block) => ({ page, ...block })),
);

/** What several pages say is run once. */
const commandsAt = (where: Where) => {
  const all = blocks
    .filter((block) => block.where === where && !block.isTest)
    .flatMap(({ page, commands, line }) => commands.map((command) => ({ page, command, line })));
  return all.filter(
    ({ command }, index) => all.findIndex((one) => one.command === command) === index,
  );
};

describe("on the host", () => {
  test.each(commandsAt("host"))("$page:$line: $command", async ({ command }) => {
    const env = { ...process.env, ...container.settings() };
    const result = await runProgram(["bash", "-c", command], { cwd: repository, env });
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  test("the test command is a target that runs the tests", async () => {
    const named = blocks.filter(({ isTest }) => isTest).flatMap(({ commands }) => commands);
    expect(named).toEqual(["make test"]);
    const dry = await runProgram(["make", "--dry-run", "test"], { cwd: repository });
    expect(dry.stdout).toContain("test/run.ts");
  });
});

describe("in the container", () => {
  // The timer has its first turn half a minute after the boot.
  beforeAll(async () => void (await container.exec(["con", "healthcheck", "--all"])));

  test.each(commandsAt("container"))("$page:$line: $command", async ({ command }) => {
    const result = await container.exec(["/bin/bash", "-c", command]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  test("the file that README.md drops is answered where it says", async () => {
    const pattern = "/srv/con/agents/concierge/outbox/who-runs-*.response";
    const look = `for i in $(seq 300); do ls ${pattern} 2>/dev/null && exit 0; sleep 0.1; done; exit 1`;
    expect((await container.exec(["/bin/bash", "-c", look])).code).toBe(0);
  });
});

describe("in a directory", () => {
  let directory = "";
  const environment = () => ({ ...process.env, PATH: `${directory}:${process.env["PATH"]}` });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "con-readme-"));
    const line = `#!/bin/sh\nexec ${process.execPath} ${join(repository, "dist/con.mjs")} "$@"\n`;
    await writeFile(join(directory, "con"), line);
    await chmod(join(directory, "con"), 0o755);
  });
  afterAll(() => rm(directory, { recursive: true }));

  test.each(commandsAt("dev"))("$page:$line: $command", async ({ command }) => {
    const options = { cwd: directory, env: environment() };
    if (!command.startsWith("con dev")) {
      expect(await runProgram(["bash", "-c", command], options)).toMatchObject({ code: 0 });
      return;
    }
    const child = spawn("bash", ["-c", `exec ${command}`], { ...options, stdio: "pipe" });
    try {
      expect(await firstLines(child)).toContain("NO ISOLATION");
      child.kill("SIGINT");
      expect(await once(child, "exit")).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

/** What `con dev` prints until it is ready, or until it ends. */
function firstLines(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const add = (part: Buffer): void => {
      text += part.toString();
      if (text.includes("Ctrl-C")) resolve(text);
    };
    child.stdout?.on("data", add);
    child.stderr?.on("data", add);
    child.on("exit", () => resolve(text));
  });
}
