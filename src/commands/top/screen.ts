/**
 * The terminal while `con top` has it: the other screen, redrawn in place, given back however we end.
 *
 * Lines are written over, never the whole screen cleared, so that nothing flickers. Never: leaves the terminal without
 * echo, cursor or line breaks; only SIGKILL can, then `reset` brings them back.
 */
import type { EventEmitter } from "node:events";
import type { Room } from "./view.ts";

/** What is needed of a terminal to write to, e.g. process.stdout. */
export interface Output extends Pick<EventEmitter, "on" | "off"> {
  readonly columns?: number;
  readonly rows?: number;
  readonly write: (text: string) => boolean;
}

/** What is needed of one to read keys from, e.g. process.stdin. */
export interface Keys extends Pick<EventEmitter, "on" | "off"> {
  readonly isTTY?: boolean;
  readonly setRawMode?: (mode: boolean) => unknown;
  readonly resume: () => unknown;
  readonly pause: () => unknown;
}

export interface Screen {
  readonly room: () => Room;
  /** `text` is lines that fit. */
  readonly draw: (text: string) => void;
  /** Again and again until `close`. */
  readonly onResize: (act: () => void) => void;
  /** `q`, Ctrl-C, Ctrl-D, or the keyboard is gone. */
  readonly onQuit: (act: () => void) => void;
  /** Any number of times. */
  readonly close: () => void;
}

/** The other screen, no cursor, no line breaks of the terminal's own; and back. */
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const [home, endOfLine, endOfScreen] = ["\u001b[H", "\u001b[K", "\u001b[J"];

const quit = /[qQ\u0003\u0004]/;

/** Of a terminal that does not say its size. */
const usual: Room = { columns: 80, rows: 24 };

export function openScreen(output: Output, keys: Keys | null): Screen {
  const listeners: (() => void)[] = [];
  const listen = (
    to: Pick<EventEmitter, "on" | "off">,
    event: string,
    act: (data: unknown) => void,
  ) => {
    to.on(event, act);
    listeners.push(() => void to.off(event, act));
  };
  let isOpen = true;
  keys?.setRawMode?.(true);
  output.write(enter);
  return {
    room: () => ({ columns: output.columns || usual.columns, rows: output.rows || usual.rows }),
    draw: (text) => {
      if (!isOpen) return;
      const lines = text.replace(/\n$/, "").split("\n");
      output.write(`${home}${lines.join(`${endOfLine}\r\n`)}${endOfLine}${endOfScreen}`);
    },
    onResize: (act) => listen(output, "resize", act),
    onQuit: (act) => {
      if (keys === null) return;
      listen(keys, "data", (data) => {
        if (quit.test(String(data))) act();
      });
      for (const gone of ["end", "error"]) listen(keys, gone, act);
      keys.resume();
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      keys?.pause();
      // Of a terminal that was hung up it fails with an event, for which somebody must still listen.
      keys?.setRawMode?.(false);
      output.write(leave);
      for (const forget of listeners) forget();
    },
  };
}
