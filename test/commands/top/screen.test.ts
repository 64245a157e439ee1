import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { everyTurn, watch } from "../../../src/commands/top/live.ts";
import { openScreen } from "../../../src/commands/top/screen.ts";
import { turn } from "./model.ts";

const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

class FakeOutput extends EventEmitter {
  columns = 40;
  rows = 10;
  text = "";
  readonly write = (text: string): boolean => {
    this.text += text;
    return true;
  };
}

class FakeKeys extends EventEmitter {
  raw = false;
  readonly setRawMode = (mode: boolean): void => {
    this.raw = mode;
  };
  readonly resume = (): void => undefined;
  readonly pause = (): void => undefined;
}

function stage() {
  const [output, keys] = [new FakeOutput(), new FakeKeys()];
  return { output, keys, open: () => openScreen(output, keys) };
}

const idle = new AbortController().signal;
const turns = [turn([]), turn([], { halted: "agents" })] as const;

test("draws in place: home, each line to its end, nothing below", () => {
  const { output, open } = stage();
  const screen = open();
  output.text = "";
  screen.draw("one\ntwo\n");
  expect(output.text).toBe("\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J");
  expect(screen.room()).toEqual({ columns: 40, rows: 10 });
  Object.assign(output, { columns: undefined, rows: 0 });
  expect(screen.room()).toEqual({ columns: 80, rows: 24 });
});

test("gives the terminal back once, and draws nothing after that", () => {
  const { output, keys, open } = stage();
  const screen = open();
  screen.onResize(() => screen.draw("late"));
  screen.onQuit(() => undefined);
  expect([output.text, keys.raw]).toEqual([enter, true]);
  screen.close();
  screen.close();
  screen.draw("late");
  output.emit("resize");
  expect([output.text, keys.raw]).toEqual([enter + leave, false]);
  expect([...output.eventNames(), ...keys.eventNames()]).toEqual([]);
});

test.each([
  ["q", "data", "q"],
  ["Ctrl-C", "data", "\u0003"],
  ["Ctrl-D", "data", Buffer.from("\u0004")],
  ["a keyboard that is gone", "end", undefined],
  ["a keyboard that fails", "error", new Error("EIO")],
])(
  "%s ends it, also while a turn is under way, and the terminal is as before",
  async (_, event, data) => {
    const { output, keys, open } = stage();
    const next = () => {
      keys.emit("data", "x");
      keys.emit(event, data);
      return new Promise<never>(() => undefined);
    };
    await watch({ first: turns[0], next, show: () => undefined, open, pauseMs: 0, stop: idle });
    expect(output.text).toBe(enter + leave);
    expect(keys.raw).toBe(false);
  },
);

test("shows turn after turn, and the latest again when the window changes", async () => {
  const { output, keys, open } = stage();
  const shown: unknown[] = [];
  const show = ({ halted }: { readonly halted: unknown }): void => {
    shown.push(halted);
    if (shown.length === 2) output.emit("resize");
    if (shown.length === 3) keys.emit("data", "q");
  };
  const next = () => Promise.resolve(turns[1]);
  await watch({ first: turns[0], next, show, open, pauseMs: 0, stop: idle });
  expect(shown).toEqual([null, "agents", "agents"]);
});

test("an error gives the terminal back before it is told", async () => {
  const { output, keys, open } = stage();
  const next = () => Promise.reject(new Error("the disk is gone"));
  const watching = watch({
    ...{ first: turns[0], next, show: () => undefined, open, pauseMs: 0, stop: idle },
  });
  await expect(watching).rejects.toThrow("the disk is gone");
  expect([output.text, keys.raw]).toEqual([enter + leave, false]);
});

test("who stops it waits for no pause", async () => {
  const stop = new AbortController();
  const shown: unknown[] = [];
  const show = (one: unknown): void => {
    shown.push(one);
    queueMicrotask(() => stop.abort());
  };
  const next = () => Promise.reject(new Error("never asked"));
  await everyTurn({ first: turns[0], next, show, pauseMs: 2 ** 30, stop: stop.signal });
  expect(shown).toEqual([turns[0]]);
});
