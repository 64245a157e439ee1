import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const system = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";

function parse(approval: string, tools = "[shell, read_file]") {
  const text = `name: concierge\ntier: operator\ndescription: d\ncan: {tools: ${tools}}\napproval: ${approval}\n`;
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

test.each([
  ["[shall]", "the agent has no tool shall"],
  ["[shell, {tool: shell}]", "shell is listed twice"],
  ["[{tool: shell, expires: 25h}]", "25h is more than a day"],
  ["[{tool: shell, expires: soon}]", '"soon" does not fit'],
  ["[{tool: shell, approvers: 0}]", "0 does not fit"],
  ["[{tool: shell, when: always}]", "there is no key when"],
  ["[{approvers: 2}]", "tool is missing"],
  ["shell", '"shell" does not fit'],
])("%s is refused with its place, and the agent is left out", (approval, why) => {
  const { rules, problems } = parse(approval);
  expect(rules).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(why)]);
  expect(problems[0]).toMatch(/^5 approval/);
});
