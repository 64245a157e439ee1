/**
 * Takes a secret from a person or a pipe. Never: echoes it, or has it in an argument or the environment.
 *
 * After a kill at the prompt the terminal may stay in raw mode: `reset` brings the echo back.
 */
import type { ReadStream } from "node:tty";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";

const maxBytes = 16 * 1024;

/** A key as it is sent in a header: printable ASCII, no white space inside (RFC 6750, `b64token`). */
export function checkSecret(text: string): string {
  const secret = text.trim();
  const why =
    secret === ""
      ? "nothing was given"
      : secret.length > maxBytes
        ? `it is longer than ${maxBytes} characters`
        : /^[\x21-\x7e]+$/.test(secret)
          ? null
          : "it has white space or other characters that no key has";
  if (why === null) return secret;
  const remedy = "pass the key alone, e.g. con credential set NAME < FILE";
  throw new ConError(exit.badInput, "secret", why, remedy);
}

/** All of standard input, as far as a key can be long. */
export async function readPiped(io: Io): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of io.input()) {
    length += part.length;
    // A little more than is allowed, so that the check sees that it is too much.
    if (length > 2 * maxBytes) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

const enter = /[\r\n\u0004]/;
const erase = /[\u007f\b]/;
const interrupt = "\u0003";

/** Asks on the terminal, without echo. */
export async function askSecret(terminal: ReadStream, io: Io, prompt: string): Promise<string> {
  io.err(prompt);
  terminal.setRawMode(true);
  try {
    return await readLine(terminal);
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    io.err("\n");
  }
}

function readLine(terminal: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = (settle: () => void): void => {
      terminal.removeAllListeners("data").removeAllListeners("end");
      settle();
    };
    terminal.setEncoding("utf8");
    terminal.on("end", () => finish(() => resolve(typed)));
    terminal.on("data", (part: string) => {
      for (const character of part) {
        if (character === interrupt) return finish(() => reject(interrupted()));
        if (enter.test(character)) return finish(() => resolve(typed));
        typed = erase.test(character) ? typed.slice(0, -1) : typed + character;
      }
    });
    terminal.resume();
  });
}

const interrupted = (): ConError =>
  new ConError(exit.no, "credential set", "interrupted", "nothing was stored");
