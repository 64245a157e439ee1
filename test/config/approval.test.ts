import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const system = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";

function parse(approval: string, budget = "{}") {
  const tools = "[shell, read_file]";
  const text = `name: concierge\ntier: operator\ndescription: d\ncan: {tools: ${tools}}\napproval: ${approval}\nbudget: ${budget}\n`;
  const { config, problems } = parseConfig({
    system: { path: "con.yaml", text: system },
    agents: [{ path: "agents.d/concierge.yaml", text }],
  });
  return {
    rules: config?.agents[0]?.approval,
    problems: problems.map(({ line, key, why }) => `${line} ${key} ${why}`),
  };
}

test("a name is one person within a day; the long form says otherwise", () => {
  expect(parse("[shell, {tool: read_file, approvers: 2, expires: 30min}]")).toEqual({
    rules: [
      { tool: "read_file", approvers: 2, expirySeconds: 1800 },
      { tool: "shell", approvers: 1, expirySeconds: 86_400 },
    ],
    problems: [],
  });
});

test("only a manifest that lists continue has the steward ask; a limit alone is no way to it", () => {
  expect(parse("[]", "{}\nlimits: {ask_after: 50}")).toEqual({ rules: [], problems: [] });
  expect(parse("[continue]").rules).toEqual([
    { tool: "continue", approvers: 1, expirySeconds: 86_400 },
  ]);
  expect(parse("[{tool: continue, approvers: 2}]", "{}\nlimits: {ask_after: 50}").rules).toEqual([
    { tool: "continue", approvers: 2, expirySeconds: 86_400 },
  ]);
  expect(parse("[{tool: continue, when: {path: /srv/con/x}}]").problems).toEqual([
    expect.stringContaining("continue takes no when"),
  ]);
});

test.each([
  ["[shall]", "the agent has no tool shall"],
  ["[shell, {tool: shell}]", "shell is listed twice"],
  ["[{tool: shell, expires: 25h}]", "25h is more than a day"],
  ["[{tool: shell, expires: soon}]", '"soon" does not fit'],
  ["[{tool: shell, approvers: 0}]", "0 does not fit"],
  ["[{tool: shell, when: always}]", '"always" does not fit'],
  ["[{tool: shell, when: {}}]", "{} does not fit"],
  ["[{tool: shell, when: {command: {above: much}}}]", '"much" does not fit'],
  ["[{tool: shell, when: {command: {above: 3, below: 4}}}]", "there is no key below"],
  ["[{tool: shell, when: {command: []}}]", "[] does not fit"],
  ["[{tool: shell, when: {Command: x}}]", "Command is not a valid name"],
  ["[shell, {tool: shell, when: {command: rm}}]", "shell is listed twice"],
  [
    "[{tool: shell, when: {command: rm}}, {tool: shell, when: {command: [rm]}, approvers: 2}]",
    "shell is listed twice",
  ],
  ["[{tool: read_file, when: {path: /srv/con/../x}}]", "/srv/con/../x has .. in it"],
  ["[spend]", "spend waits for nobody"],
  ["[{approvers: 2}]", "tool is missing"],
  ["shell", '"shell" does not fit'],
])("%s is refused with its place, and the agent is left out", (approval, why) => {
  const { rules, problems } = parse(approval);
  expect(rules).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(why)]);
  expect(problems[0]).toMatch(/^5 approval/);
});

test("conditions are kept in one form, whatever form and order they were written in", () => {
  const su = '{tool: shell, when: {command: "su *"}, approvers: 2}';
  const when = "{timeout_seconds: {above: 60}, command: [rm *, git push*]}";
  expect(parse(`[${su}, {tool: shell, when: ${when}}]`)).toEqual({
    rules: [
      {
        tool: "shell",
        approvers: 2,
        expirySeconds: 86_400,
        when: { command: { globs: ["su *"] } },
      },
      {
        tool: "shell",
        approvers: 1,
        expirySeconds: 86_400,
        when: { command: { globs: ["git push*", "rm *"] }, timeout_seconds: { above: 60 } },
      },
    ],
    problems: [],
  });
});

test("a limit after which people are asked is a rule, also where none is written", () => {
  const asks = "{ask_usd_per_task: 0.5}";
  const spend = { tool: "spend", approvers: 1, expirySeconds: 86_400 };
  expect(parse("[]", asks)).toEqual({ rules: [spend], problems: [] });
  const two = parse("[{tool: spend, approvers: 2, expires: 8h}]", asks);
  expect(two.rules).toEqual([{ tool: "spend", approvers: 2, expirySeconds: 28_800 }]);
  const odd = parse("[{tool: spend, when: {unit: usd}}]", asks);
  expect(odd.problems).toEqual([expect.stringContaining("spend takes no when")]);
});
