/**
 * Lines of a program's standard error, as they come: for the log at once, for the journal in portions, so that a chatty
 * program costs no sync for each line. Never: keeps or passes on more than the bounds here.
 */
import { safeText } from "../../sandbox/output.ts";

const lineChars = 500;
const mostLines = 1_000;
const mostChars = 64 * 1024;
const portionMs = 1_000;
/** Of the last line, in an outcome. */
const lastChars = 300;

export interface Words {
  readonly add: (chunk: Buffer) => void;
  /** Passes on what is left. */
  readonly end: () => void;
  /** The last line that says something. */
  readonly last: () => string;
}

export interface Listener {
  /** One line. */
  readonly log: (line: string) => void;
  /** Several lines. */
  readonly keep: (text: string) => void;
  readonly now: () => number;
}

export function createWords({ log, keep, now }: Listener): Words {
  let rest: Buffer = Buffer.alloc(0);
  let last = "";
  let lines = 0;
  let chars = 0;
  let waiting: string[] = [];
  let keptAt = now();

  function heard(bytes: Buffer): void {
    const line = safeText(bytes).trimEnd();
    if (line === "") return;
    last = line.slice(0, lastChars).toWellFormed();
    if (lines > mostLines || chars > mostChars) return;
    lines += 1;
    const shown = line.slice(0, lineChars).toWellFormed();
    chars += shown.length;
    const isFull = lines > mostLines || chars > mostChars;
    const text = isFull ? "[more lines are left out]" : shown;
    waiting.push(text);
    log(text);
  }

  function flush(): void {
    keptAt = now();
    if (waiting.length === 0) return;
    const text = waiting.join("\n");
    waiting = [];
    keep(text);
  }

  return {
    add(chunk) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        heard(Buffer.concat([rest, chunk.subarray(from, end)]));
        rest = Buffer.alloc(0);
        from = end + 1;
      }
      // A line without an end is kept as far as it is shown.
      const room = Math.max(0, lineChars * 4 - rest.length);
      rest = Buffer.concat([rest, chunk.subarray(from, from + room)]);
      if (now() - keptAt >= portionMs) flush();
    },
    end() {
      heard(rest);
      rest = Buffer.alloc(0);
      flush();
    },
    last: () => last,
  };
}
