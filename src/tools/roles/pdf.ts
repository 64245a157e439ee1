/**
 * The text of a PDF, by pdftotext in the sandbox of the agent's commands. Never: lets it see more than they do,
 * or write a file.
 */
import type { Executed } from "../../sandbox/exec.ts";
import { safeText } from "../../sandbox/output.ts";
import type { ToolContext } from "../tool.ts";
import type { Source } from "./source.ts";

const patienceSeconds = 60;

export async function pdfText(
  context: ToolContext,
  path: string,
  mostBytes: number,
): Promise<Source> {
  const headBytes = Math.floor(mostBytes * 0.6);
  const executed = await context.execute(
    {
      argv: ["pdftotext", "-q", "-layout", "-enc", "UTF-8", path, "-"],
      timeoutSeconds: Math.min(patienceSeconds, context.shell.maxTimeoutSeconds),
      output: { headBytes, tailBytes: mostBytes - headBytes, maxBytes: 0, open: nowhere },
    },
    context.signal,
  );
  const why = whyNot(executed);
  return why === null ? textOf(path, executed) : { kind: "note", path, about: `a PDF; ${why}` };
}

function nowhere(): never {
  throw new Error("nothing is written: maxBytes is 0");
}

function whyNot({ ending, output }: Executed): string | null {
  switch (ending.kind) {
    case "exit":
      if (ending.code === 0) return null;
      if (ending.code === 127)
        return "pdftotext is not installed here: ask for the package poppler-utils (install_package, or a person)";
      return `pdftotext says: ${safeText(output.head).trim().slice(0, 200) || `exit ${ending.code}`}`;
    case "timeout":
      return `pdftotext took longer than ${ending.seconds} s`;
    case "aborted":
      return "the task was stopped";
    case "broken":
      return `pdftotext could not run: ${ending.why}`;
  }
}

const formFeed = 0x0c;
const newline = 0x0a;

/** A page ends with a form feed. */
const pageBreaks = (bytes: Buffer): Uint8Array =>
  bytes.map((byte) => (byte === formFeed ? newline : byte));

function textOf(path: string, { output }: Executed): Source {
  const { head, tail, totalBytes } = output;
  const missing = totalBytes - head.length - tail.length;
  const gap = missing === 0 ? "" : `\n[… ${missing} bytes in the middle were not read …]\n`;
  // Cut in the middle of a character only where something is missing.
  const parts = missing === 0 ? [Buffer.concat([head, tail])] : [head, tail];
  const text = parts.map((part) => safeText(pageBreaks(part))).join(gap);
  if (text.trim() === "")
    return { kind: "note", path, about: "a PDF without text in it, perhaps of scanned pages" };
  return { kind: "text", path, text, about: `text of a PDF, ${totalBytes} bytes` };
}
