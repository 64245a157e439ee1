import { describe, expect, it } from "vitest";
import { createMeter } from "../../../src/agent/context/meter.ts";
import type { LoadCounter } from "../../../src/agent/context/tokens.ts";
import {
  isFull,
  isNear,
  roomOf,
  sharesOf,
  unknownWindow,
  usualOutput,
} from "../../../src/agent/context/window.ts";
import { specOf } from "../../../src/agent/toolbox/plain.ts";
import { viewOf } from "../../../src/agent/toolbox/view.ts";
import { defaultOutputTokens } from "../../../src/gateway/request.ts";
import type { Message } from "../../../src/model/types.ts";
import { coreTools, toolCategories } from "../../../src/tools/registry.ts";
import { count, head } from "./support.ts";

const known = { head: 2, learned: null };

/** A counter that says what it was asked to count. */
function watched() {
  const texts: string[] = [];
  let loads = 0;
  const load: LoadCounter = async () => {
    loads += 1;
    return (text) => {
      texts.push(text);
      return count(text);
    };
  };
  return { load, texts, loads: () => loads };
}

const result = (n: number, words = 200): Message => ({
  role: "tool",
  tool_call_id: `c${n}`,
  content: `${n} ${"word ".repeat(words)}`,
});

describe("the meter", () => {
  it("loads no tokenizer as long as the bytes show that there is room", async () => {
    const { load, loads } = watched();
    const { full } = viewOf(toolCategories(), coreTools, null);
    const meter = createMeter({ context: null, output: null }, full.map(specOf), load);
    const system: Message = { role: "system", content: "Instructions. ".repeat(600) };
    const short = [system, ...head.slice(1), result(1), result(2)];
    expect(await meter.measure(short, known)).toMatchObject({ exact: false });
    expect(loads()).toBe(0);
    const long = [...short, ...Array.from({ length: 40 }, (_, n) => result(n + 3))];
    expect(await meter.measure(long, known)).toMatchObject({ exact: true });
    expect(loads()).toBe(1);
  });

  it("counts each message once", async () => {
    const { load, texts } = watched();
    const meter = createMeter({ context: 4000, output: null }, [], load);
    const messages = [...head, ...Array.from({ length: 10 }, (_, n) => result(n))];
    const first = await meter.measure(messages, known, true);
    const counted = texts.length;
    const again = await meter.measure([...messages, result(10)], known);
    expect(texts.length - counted).toBe(1);
    expect(again.tokens - first.tokens).toBe(count(String(result(10).content)) + 4);
  });

  it("says once that the window is nearly full, and again after there was room", async () => {
    const meter = createMeter({ context: 4000, output: null }, [], async () => count);
    const filled = (tokens: number): Message[] => [...head, result(0, tokens - 140)];
    const percents: (number | null)[] = [];
    for (const tokens of [1000, 2600, 2700, 1000, 2600]) {
      await meter.measure(filled(tokens), known);
      percents.push(meter.warning());
    }
    expect(percents).toEqual([null, 86, null, null, 86]);
  });

  it("believes a provider that counts more, within reason", async () => {
    const meter = createMeter({ context: 4000, output: null }, [], async () => count);
    const { tokens, limit } = await meter.measure([...head, result(0, 900)], known, true);
    meter.heard(Math.round(tokens * 1.25));
    const after = await meter.measure([...head, result(0, 900)], known, true);
    expect(after.limit).toBeLessThan(limit * 0.81);
    meter.heard(tokens * 40);
    expect((await meter.measure(head, known, true)).limit).toBe(after.limit);
    meter.heard(1);
    expect((await meter.measure(head, known, true)).limit).toBe(limit);
  });
});

describe("the window", () => {
  it("keeps for the answer what the gateway reserves for one", () => {
    expect(usualOutput).toBe(defaultOutputTokens);
    expect(roomOf({ context: 200_000, output: null })).toBe(200_000 - 8192);
    expect(roomOf({ context: 16_384, output: null })).toBe(12_288);
    expect(roomOf({ context: null, output: null })).toBe(unknownWindow - 8192);
    expect(roomOf({ context: 100_000, output: 30_000 })).toBe(70_000);
  });

  const at = (tokens: number, fixed = 1000, largest = 0) => ({
    tokens,
    limit: 10_000,
    fixed,
    largest,
    exact: true,
  });

  it("warns at 85 %, is full at 95 %, or when the next result may not fit", () => {
    expect([8499, 8500].map((tokens) => isNear(at(tokens)))).toEqual([false, true]);
    expect([9499, 9500].map((tokens) => isFull(at(tokens)))).toEqual([false, true]);
    expect(isFull(at(9300, 1000, 800))).toBe(true);
    expect(isFull(at(8000, 1000, 5000))).toBe(false);
  });

  it("leaves room after a compaction, however large the fixed part", () => {
    for (const fixed of [100, 1000, 5000, 8000, 9000, 9400]) {
      const shares = sharesOf(at(9900, fixed));
      const after = at(fixed + shares.keep + shares.summary, fixed);
      expect(isFull(after)).toBe(false);
      expect(isFull(at(shares.target, fixed))).toBe(false);
    }
  });
});
