/**
 * The terminal that this process has, for as long as `con top` shows something on it.
 *
 * A terminal that is hung up ends it like `q`; whatever else ends the process gives the terminal back first.
 */
import { openScreen, type Screen } from "./screen.ts";

export function openTerminal(): Screen {
  const keys = process.stdin.isTTY ? process.stdin : null;
  const screen = openScreen(process.stdout, keys);
  const { close } = screen;
  process.once("exit", close);
  // Before what went wrong is printed: on the other screen nobody would see it.
  process.prependListener("uncaughtException", close);
  const acts: (() => void)[] = [];
  const hungUp = (): void => {
    for (const act of acts) act();
  };
  process.on("SIGHUP", hungUp);
  return {
    ...screen,
    onQuit: (act) => {
      acts.push(act);
      screen.onQuit(act);
    },
    close: () => {
      process.off("exit", close).off("uncaughtException", close).off("SIGHUP", hungUp);
      close();
    },
  };
}
