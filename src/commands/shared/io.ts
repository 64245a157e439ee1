/**
 * What a command may touch of the process that it runs in, so that tests can pass their own.
 *
 * Never: sends text of others to a terminal as it came; that goes through `text.ts` first.
 */
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard input in parts. */
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly uid: number;
  readonly now: () => number;
  /** Whether progress lines and colours have a reader. */
  readonly terminal: { readonly out: boolean; readonly err: boolean };
  /** Aborts when the person wants to stop (Ctrl-C, SIGTERM). */
  readonly interrupted: () => AbortSignal;
}

/** The real one. Listens for signals only once a command asks for `interrupted`. */
export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: () => process.stdin,
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    now: Date.now,
    terminal: { out: process.stdout.isTTY === true, err: process.stderr.isTTY === true },
    interrupted: signalsAsAbort,
  };
}

function signalsAsAbort(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => controller.abort(signal));
  return controller.signal;
}

/** Colours standard output only for a terminal, and never with NO_COLOR (no-color.org). */
export function paint(io: Io, style: Style, text: string): string {
  const wanted = io.terminal.out && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";
  return wanted ? styleText(style, text, { validateStream: false }) : text;
}
