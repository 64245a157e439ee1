import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { chooseModel } from "../../src/commands/model/edit.ts";
import { listModels } from "../../src/commands/model/list.ts";
import { refusal } from "../../src/commands/model/try.ts";
import { useModel } from "../../src/commands/model/use.ts";
import { run } from "../../src/commands/model.ts";
import { exit } from "../../src/system/errors.ts";
import type { ExecResult } from "../../src/system/exec.ts";
import { failure, makeIo } from "./support.ts";

const yaml = `# the system
system: {name: test, front_desk: desk}
# who answers
models:
  fast: [builtin/reflex] # cheap
  smart:
    use: [old/m] # good
    context: 200000
    usd_per_million: {input: 3, output: 15}
  embedder: [old/e]
providers:
  old: {base_url: "https://old.example/v1", credential: oldkey} # paid
`;

const good: ExecResult = { code: 0, signal: null, stdout: "", stderr: "", timedOut: false };

/** A configuration directory, and commands that write down what they would have run. */
function setting(options: { text?: string; uid?: number; results?: ExecResult[] } = {}) {
  const etc = mkdtempSync(join(tmpdir(), "con-model-"));
  onTestFinished(() => rmSync(etc, { recursive: true, force: true }));
  const file = join(etc, "con.yaml");
  writeFileSync(file, options.text ?? yaml, { mode: 0o640 });
  mkdirSync(join(etc, "agents.d"));
  writeFileSync(join(etc, "agents.d/desk.yaml"), "name: desk\ndescription: x\ntier: worker\n");
  mkdirSync(join(etc, "credentials"));
  const ran: (readonly string[])[] = [];
  const results = [...(options.results ?? [])];
  const places = { etc, credentials: join(etc, "credentials"), dev: false };
  const test = makeIo(etc, { uid: options.uid ?? 0 });
  const deps = {
    places,
    self: ["node", "con"] as const,
    execute: async (argv: readonly string[]) => {
      ran.push(argv);
      return results.shift() ?? good;
    },
  };
  const use = (...argv: string[]) => useModel(argv, test.io, deps);
  return { ...test, etc, places, ran, use, text: () => readFileSync(file, "utf8"), file };
}

describe("con model use", () => {
  test("changes every alias but embedder, keeps comments, then applies", async () => {
    const s = setting();
    expect(await s.use("old/new-model")).toBe(0);
    expect(s.text()).toBe(
      yaml
        .replace("fast: [builtin/reflex]", "fast: [old/new-model]")
        .replace("use: [old/m]", "use: [old/new-model]")
        .replace(/ {4}(context|usd_per_million).*\n/g, ""),
    );
    expect(s.ran).toEqual([
      ["node", "con", "bootstrap"],
      ["systemctl", "try-restart", "con-gateway.service"],
    ]);
    expect(statSync(s.file).mode & 0o777).toBe(0o640);
  });

  test("adds a provider with its URL and key, and says that the key is missing", async () => {
    const s = setting();
    const argv = ["compatible/*", "--base-url", "https://c.example/v1", "--credential", "ck"];
    expect(await s.use(...argv, "--alias", "fast")).toBe(0);
    expect(s.text()).toContain("  fast: [compatible/*] # cheap");
    expect(s.text()).toContain("base_url: https://c.example/v1");
    expect(s.text()).toContain("use: [old/m] # good");
    expect(s.out()).toContain("con credential set ck");
  });

  test("knows where openrouter is, and takes the key of that name", async () => {
    const s = setting();
    writeFileSync(join(s.etc, "credentials/openrouter.cred"), "x");
    await s.use("openrouter/google/gemini", "--alias", "smart", "--keep");
    expect(s.text()).toContain("use: [openrouter/google/gemini, old/m] # good");
    expect(s.text()).toMatch(/openrouter:.*https:\/\/openrouter\.ai\/api\/v1.*openrouter/);
  });

  test("a model without a provider goes to the only one there is", async () => {
    const s = setting();
    await s.use("google/gemini", "--alias", "fast");
    expect(s.text()).toContain("fast: [old/google/gemini]");
  });

  test("makes providers where there are none yet", () => {
    const text = chooseModel("models:\n  fast: [builtin/reflex]\n", {
      aliases: ["fast"],
      model: "p/m",
      provider: { name: "p", baseUrl: "http://10.0.0.1/v1", credential: null },
      keep: false,
    });
    expect(text).toContain("fast: [p/m]");
    expect(text).toMatch(/providers:\n {2}p: \{base_url: http:\/\/10\.0\.0\.1\/v1\}/);
  });

  test.each([
    [["bad model name!", "--alias", "fast"], exit.configuration],
    [["builtin/none"], exit.configuration],
    [["builtin/reflex", "--base-url", "https://x.example/v1"], exit.usage],
    [["model", "--base-url", "https://x.example/v1"], exit.usage],
    [["p/m", "--base-url", "ftp://x.example"], exit.configuration],
    [["p/m", "--base-url", "https://user:pw@x.example/v1"], exit.configuration],
    [["old/m", "--credential", "../etc/shadow"], exit.configuration],
    [["old/m", "--alias", "fsat"], exit.badInput],
    [[], exit.usage],
  ])("%j is refused and changes nothing", async (argv, code) => {
    const s = setting();
    expect((await failure(() => s.use(...argv))).code).toBe(code);
    expect(s.text()).toBe(yaml);
    expect(s.ran).toEqual([]);
  });

  test("is root's alone", async () => {
    const s = setting({ uid: 1000 });
    expect((await failure(() => s.use("old/x"))).code).toBe(exit.permission);
    expect(s.text()).toBe(yaml);
  });

  test("refuses to build on a file that is broken already", async () => {
    const s = setting({ text: "models: [\n" });
    expect((await failure(() => s.use("old/x"))).code).toBe(exit.configuration);
    expect(s.text()).toBe("models: [\n");
  });

  test("passes on what bootstrap complains about", async () => {
    const left = { ...good, code: exit.configuration, stderr: "con: agents.d/x.yaml:1:1: bad\n" };
    const s = setting({ results: [left] });
    expect(await s.use("old/x")).toBe(exit.configuration);
    expect(s.err()).toContain("agents.d/x.yaml:1:1");
    const broken = setting({ results: [{ ...good, code: 1 }] });
    expect((await failure(() => broken.use("old/x"))).code).toBe(exit.unavailable);
  });
});

describe("con model list", () => {
  test("tells which rungs have their key", () => {
    const s = setting();
    listModels(["--json"], s.io, s.places);
    const { models } = JSON.parse(s.out());
    expect(models.map((one: { alias: string }) => one.alias)).toEqual([
      "fast",
      "smart",
      "embedder",
    ]);
    expect(models[0].ladder[0].usable).toBe(true);
    expect(models[1].ladder[0]).toMatchObject({ model: "old/m", usable: false });
    writeFileSync(join(s.etc, "credentials/oldkey.cred"), "x");
    const again = makeIo(s.etc);
    listModels([], again.io, s.places);
    expect(again.out()).toMatch(/smart +old\/m +usable/);
  });

  test("names file and line of a broken con.yaml", async () => {
    const s = setting({ text: "models:\n  fast: [nobody/x]\n" });
    const error = await failure(async () => listModels([], s.io, s.places));
    expect(error.code).toBe(exit.configuration);
    expect(error.message).toContain("con.yaml:2:");
  });
});

describe("con model test", () => {
  test.each([
    ["temporary", 429, exit.tryLater],
    ["temporary", null, exit.tryLater],
    ["permanent", 401, exit.unavailable],
    ["permanent", 403, exit.permission],
  ] as const)("%s %j ends with %i", (kind, status, code) => {
    const error = { kind, status, message: "why", retryAfterSeconds: null };
    expect(refusal("smart", error, 1000).code).toBe(code);
  });
});

test("the provider's own 403 is no question of who asks", () => {
  const error = {
    kind: "permanent",
    status: 403,
    message: "why",
    retryAfterSeconds: null,
  } as const;
  expect(refusal("smart", error, 0).code).toBe(exit.unavailable);
});

describe("con model", () => {
  test("shows its verbs", async () => {
    const { io, out } = makeIo("/nowhere");
    expect(await run(["--help"], io)).toBe(0);
    expect(out()).toMatch(/list .*\n.*test .*\n.*use /);
  });

  test("guesses at a mistyped verb", async () => {
    const { io } = makeIo("/nowhere");
    const error = await failure(() => run(["lst"], io));
    expect(error.code).toBe(exit.usage);
    expect(error.message).toContain("list");
  });
});
