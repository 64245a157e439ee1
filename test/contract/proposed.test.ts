/** A contract that an agent proposes about itself: what it may say, and how it is looked at once. */
import { describe, expect, test } from "vitest";
import { lookAtProposed } from "../../src/contract/proposed.ts";
import type { BuiltinCheck, HealthRuntime } from "../../src/contract/types.ts";

const text = (change: (lines: string) => string = (lines) => lines): string =>
  change(`id: own.scribe.queue
description: No letter waits
scope: agent:scribe
every: 5min
checks:
  - name: letters
    queue_age: {max_min: 30}
    on_fail: {action: alert, escalate: false}
`);

const seen: string[][] = [];
const queueAge: BuiltinCheck = async (_, { health }) => {
  seen.push(health.agents.map(({ name }) => name));
  return { state: "fail", found: "3 wait", key: "wait", remedy: null, agents: ["scribe"] };
};

const health = {
  thresholds: {},
  agents: [{ name: "desk" }, { name: "scribe" }],
} as unknown as HealthRuntime;

const look = (contract: string) =>
  lookAtProposed(
    {
      agent: "scribe",
      name: "queue",
      file: "/etc/con/contracts/scribe.queue.yaml",
      text: contract,
    },
    { health, builtins: new Map([["queue_age", queueAge]]), now: () => 0 },
  );

test("is looked at once, at its own agent alone", async () => {
  expect(await look(text())).toEqual({
    ok: true,
    lines: [
      "a contract of severity medium, looked at every 300 s; it alerts",
      "looked once: letters: fail: 3 wait",
      "WOULD FAIL AT ONCE: 1 of 1 checks",
    ],
  });
  expect(seen).toEqual([["scribe"]]);
});

describe("is refused:", () => {
  const swap = (from: string, to: string) => text((lines) => lines.replace(from, to));
  const check = "queue_age: {max_min: 30}";
  test.each([
    ["about another agent", swap("agent:scribe", "agent:desk"), "scope: it must be agent:scribe"],
    ["about the system", swap("agent:scribe", "system"), "scope: it must be agent:scribe"],
    ["another id", swap("own.scribe", "own.desk"), "id: it must be own.scribe.queue"],
    ["a command", swap(check, "command: {run: id}"), "only these checks"],
    ["a command of root", swap(check, "user: root\n    command: {run: id}"), "only these checks"],
    ["a script", swap(check, "script: {inline: id}"), "only these checks"],
    ["a file", swap(check, 'path_exists: {path: "/etc/shadow"}'), "only these checks"],
    ["another action", swap("action: alert", "action: halt_agents"), "must be alert"],
    ["a task for another agent", swap("escalate: false", "escalate: desk"), "sysadmin or none"],
    ["a condition", swap("every:", "skip_if: {path_not_exists: /root/x}\nevery:"), "skip_if"],
    ["a dependency", swap("every:", "depends_on: [CON-SYS-001]\nevery:"), "depends_on"],
    ["what is no contract", "id: [", "contract.yaml:"],
    ["an unknown key", swap("every:", "evry:"), "contract.yaml:4"],
  ])("%s", async (_, contract, why) => {
    expect(await look(contract)).toEqual({ ok: false, why: expect.stringContaining(why) });
  });
});
