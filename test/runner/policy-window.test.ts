/** How much its models may read at once: the least of all that a task may be given to. */
import { expect, test } from "vitest";
import { unknownWindow } from "../../src/agent/context/window.ts";
import { noBudget } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Cascade } from "../../src/config/types.ts";
import { windowsOf } from "../../src/runner/policy.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

const window = (of: Partial<AgentRuntime>) =>
  windowsOf(agentRuntime({ budget: { ...noBudget, tokensPerCall: 99 }, ...of }));
const routed = (fast: string, strong = fast): Partial<AgentRuntime> => ({
  cascade: { route: { fast, balanced: fast, strong } } as Cascade,
  models: { small: 1000, large: 900_000, odd: null },
});
const context = (of: Partial<AgentRuntime>) => window(of).window?.context;

test("the window is that of its model, less what an answer may take", () => {
  expect(window({ context: 5000 })).toEqual({ window: { context: 5000, output: 99 } });
  expect(window({})).toEqual({ window: { context: null, output: 99 } });
});

test("the window is its own for another model that sums up", () => {
  const summarizer = { model: "brief", context: 700 };
  expect(window({ context: 5000, summarizer })).toEqual({
    window: { context: 5000, output: 99 },
    summarizer: { model: "brief", window: { context: 700, output: 99 } },
  });
});

test("the window is the least of all models that a task may be given to", () => {
  expect(context({ context: 5000, ...routed("small") })).toBe(1000);
  expect(context({ context: 5000, ...routed("large", "small") })).toBe(1000);
  expect(context({ context: 5000, ...routed("large") })).toBe(5000);
});

test("the window is unknown where the least is one that nobody knows", () => {
  const wide = unknownWindow + 1;
  expect(context({ context: wide, ...routed("odd") })).toBeNull();
  expect(context({ context: wide, ...routed("nobody") })).toBeNull();
  expect(context({ context: wide, ...routed("nobody"), models: undefined as never })).toBeNull();
  expect(context({ context: 5000, ...routed("odd") })).toBe(5000);
});

test("the window is its own where no task is routed", () => {
  expect(context({ context: 5000, cascade: { route: null } as Cascade })).toBe(5000);
});
