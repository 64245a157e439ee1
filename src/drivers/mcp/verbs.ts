/**
 * A command of con, run for a program: what it prints with --json is the result, what it throws is said with its remedy.
 * Never: does anything that the command would not do for whoever started us.
 */
import type { Io } from "../../commands/shared/io.ts";
import { ConError, exit } from "../../system/errors.ts";

export type Verb = (argv: string[], io: Io) => Promise<number>;

export interface Said {
  readonly value: unknown;
  /** What went to standard error, where it says more than the value. */
  readonly notes: string;
}

export async function runVerb(
  io: Io,
  verb: Verb,
  argv: readonly string[],
  { input = "", signal }: { readonly input?: string; readonly signal: AbortSignal },
): Promise<Said> {
  let [out, notes] = ["", ""];
  const code = await verb([...argv], {
    ...io,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      notes += text;
    },
    input: () => once(input),
    terminal: { out: false, err: false },
    interrupted: () => signal,
  });
  const value: unknown = out === "" ? null : JSON.parse(out);
  if (code === exit.ok) return { value, notes };
  const why = notes.trim().replace(/^con: /, "") || errorIn(value) || `it ended with ${code}`;
  throw new ConError(exit.no, "not done", why, "see what the answer says");
}

const errorIn = (value: unknown): string =>
  typeof value === "object" && value !== null && "error" in value ? String(value.error) : "";

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
