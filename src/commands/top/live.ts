/**
 * Turn after turn until somebody wants to stop, on a screen or not.
 *
 * Never: makes who stops it wait for a turn that is under way; leaves a screen open, whatever goes wrong.
 */
import { rest } from "../../system/rest.ts";
import type { Screen } from "./screen.ts";
import type { Turn } from "./types.ts";

interface Turns {
  readonly first: Turn;
  readonly next: () => Promise<Turn>;
  readonly pauseMs: number;
  readonly stop: AbortSignal;
}

export async function everyTurn({
  first,
  next,
  pauseMs,
  stop,
  show,
}: Turns & { readonly show: (turn: Turn) => void }): Promise<void> {
  for (let turn: Turn | null = first; turn !== null; ) {
    show(turn);
    await rest(pauseMs, stop);
    turn = await orStopped(next, stop);
  }
}

export async function watch({
  open,
  show,
  ...turns
}: Turns & {
  readonly open: () => Screen;
  readonly show: (turn: Turn, screen: Screen) => void;
}): Promise<void> {
  const screen = open();
  try {
    const quit = new AbortController();
    screen.onQuit(() => quit.abort());
    let latest = turns.first;
    screen.onResize(() => show(latest, screen));
    const draw = (turn: Turn): void => {
      latest = turn;
      show(turn, screen);
    };
    await everyTurn({ ...turns, stop: AbortSignal.any([turns.stop, quit.signal]), show: draw });
  } finally {
    screen.close();
  }
}

/** Null once it is to stop. */
async function orStopped(next: () => Promise<Turn>, stop: AbortSignal): Promise<Turn | null> {
  if (stop.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<null>();
  const end = (): void => resolve(null);
  stop.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([next(), promise]);
  } finally {
    stop.removeEventListener("abort", end);
  }
}
