import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const read = (more: string) => {
  const text = `name: x\ntier: worker\ndescription: d\n${more}\n`;
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: desk}\nmodels: {fast: [builtin/reflex], smart: [builtin/reflex]}\ncascade: {reflex: true}\n",
    },
    agents: [
      { path: "agents.d/desk.yaml", text: "name: desk\ntier: operator\ndescription: d\n" },
      { path: "agents.d/x.yaml", text },
    ],
  });
  const agent = config?.agents.find(({ name }) => name === "x");
  return { agent, whys: problems.map(({ key, why }) => `${key}: ${why}`) };
};

test("a program, with what it does not say filled in", () => {
  const { agent, whys } = read("runner: {exec: [/usr/bin/cat, -A]}\ngpu: true");
  expect(whys).toEqual([]);
  expect(agent?.runner).toEqual({
    argv: ["/usr/bin/cat", "-A"],
    input: "text",
    environment: {},
    files: {},
    models: false,
  });
  expect(agent?.gpu).toBe(true);
  // What con.yaml has for con's own loop.
  expect(agent?.cascade).toBeUndefined();
});

test("builtin, or nothing, is con's own loop", () => {
  for (const more of ["runner: builtin", "gpu: false"]) {
    const { agent } = read(more);
    expect(agent).not.toHaveProperty("runner");
    expect(agent).not.toHaveProperty("gpu");
    expect(agent?.cascade).toBeDefined();
  }
});

test("a preset tells where its models are, and no token stands in an argument", () => {
  const { agent, whys } = read(
    "runner: {preset: claude-code, args: [--max-turns, '9'], env: {A: b}}",
  );
  expect(whys).toEqual([]);
  expect(agent?.runner).toMatchObject({
    input: "prompt",
    models: true,
    environment: { ANTHROPIC_BASE_URL: "{url}", ANTHROPIC_AUTH_TOKEN: "{token}", A: "b" },
  });
  expect(agent?.runner?.argv.slice(-2)).toEqual(["--max-turns", "9"]);
  for (const preset of ["claude-code", "codex", "gemini-cli", "pi"])
    expect(read(`runner: {preset: ${preset}}`).agent?.runner?.argv.join(" ")).not.toContain(
      "{token}",
    );
});

test.each([
  ["runner: {exec: [/usr/bin/cat], preset: pi}", "runner: a runner is a program or a preset"],
  ["runner: {preset: nobody}", "runner.preset: there is no nobody"],
  ["runner: {exec: [cat]}", 'runner.exec.0: "cat" does not fit'],
  ["runner: other", 'runner: "other" does not fit'],
  ["runner: {exec: [/opt/cat]}", "runner: /opt/cat lies where its sandbox shows nothing"],
  ["runner: {exec: [/usr/bin/cat], shell: x}", "runner.shell: there is no key shell"],
  [
    "runner: {exec: [/usr/bin/cat]}\ncan: {tools: [shell]}",
    "can.tools: can.tools is kept by con's",
  ],
  ["runner: {exec: [/usr/bin/cat]}\ncan: {task: [desk]}", "can.task: can.task is kept by con's"],
  ["runner: {exec: [/usr/bin/cat]}\nbudget: {ask_usd_per_task: 1}", "budget: budget.ask_* is kept"],
  ["runner: {exec: [/usr/bin/cat]}\ncascade: {reflex: true}", "cascade: cascade is kept by con's"],
  ["gpu: yes please", 'gpu: "yes please" does not fit'],
])("%s is refused", (more, why) => {
  const { agent, whys } = read(more);
  expect(whys.some((one) => one.startsWith(why))).toBe(true);
  expect(agent).toBeUndefined();
});

test("no more than one variable holds", () => {
  const env = Array.from({ length: 20 }, (_, index) => `V${index}: ${"x".repeat(4000)}`).join(", ");
  const { whys } = read(`runner: {exec: [/usr/bin/cat], env: {${env}}}`);
  expect(whys).toEqual(["runner: its arguments and variables are too long"]);
});

test("a program in its workspace or in a folder that it is granted is seen", () => {
  for (const more of [
    "runner: {exec: [/srv/con/agents/x/workspace/run]}",
    "runner: {exec: [/srv/con/artifacts/a/run]}\ncan: {read: [/srv/con/artifacts/a/**]}",
  ])
    expect(read(more).whys).toEqual([]);
});
