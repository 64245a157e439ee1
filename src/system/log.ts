/**
 * Log lines for journald: `<priority>message {fields}` on stderr (sd-daemon(3), SD_INFO and friends).
 *
 * Never: writes a secret (callers pass identifiers, not contents), a control character, or more
 * than one line per call. A lost line is no reason to stop work, so a closed stderr is ignored.
 */
import fs from "node:fs";

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** And those that show what follows in another order. */
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line that a terminal and journald show as written: control characters become `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function line(priority: number, message: string, fields: Fields | undefined): string {
  const tail = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
  return `<${priority}>${printable(message + tail)}\n`;
}

/** Where lines go is passed in so that tests can read them; default stderr. */
export function createLog(write: (text: string) => void = writeStderr): Log {
  return {
    info: (message, fields) => write(line(6, message, fields)),
    warn: (message, fields) => write(line(4, message, fields)),
    error: (message, fields) => write(line(3, message, fields)),
  };
}

function writeStderr(text: string): void {
  try {
    fs.writeSync(2, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EPIPE" && code !== "EAGAIN" && code !== "EIO") throw error;
  }
}
