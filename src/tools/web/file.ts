/** A download as a result: where it lies, and its words where it has some. */
import { looksBinary, safeText } from "../../sandbox/output.ts";
import type { Fetched } from "../desks.ts";
import type { ToolResult } from "../result.ts";
import { pdfText } from "../roles/pdf.ts";
import type { ToolContext } from "../tool.ts";
import { beginning, framed } from "./framed.ts";
import { keep, placeFor, plainName } from "./keep.ts";

type FileAnswer = Extract<Fetched["answer"], { kind: "file" }>;

export interface FileWishes {
  readonly saveAs: string | null;
  readonly chars: number;
}

export async function shownFile(
  context: ToolContext,
  bytes: Buffer,
  answer: FileAnswer,
  { saveAs, chars }: FileWishes,
): Promise<ToolResult> {
  const { url, status, type, notes } = answer;
  const place = placeFor(context, saveAs, nameOf(answer));
  const why = keep(context, place, bytes);
  if (why !== null)
    return { ok: false, text: `${bytes.length} bytes were fetched and could not be kept: ${why}` };
  const lines = [`[${bytes.length} bytes, kept in ${place.path}]`];
  const found = await textOf(context, bytes, answer, place.path);
  const about = { url, status, type, ...(notes.length === 0 ? {} : { notes: notes.join("; ") }) };
  if (found === null)
    return { ok: status < 400, text: `${lines[0]}\n${framed({ about, text: "(not text)" })}` };
  const part = beginning(found.text, chars);
  if (found.kept !== null) lines.push(`[its text: ${found.kept}]`);
  if (part !== found.text)
    lines.push(`[${part.length} of ${found.text.length} characters are shown]`);
  return { ok: status < 400, text: `${lines.join("\n")}\n${framed({ about, text: part })}` };
}

function nameOf({ name, url, type }: FileAnswer): string {
  const { pathname, host } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  const plain = plainName(name ?? (last === "" ? host : last));
  return plain.includes(".") ? plain : `${plain}${endings[type] ?? ""}`;
}

const endings: Readonly<Record<string, string>> = {
  "application/json": ".json",
  "application/pdf": ".pdf",
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "text/csv": ".csv",
  "text/html": ".html",
  "text/plain": ".txt",
};

const maxPdfText = 2 * 1024 * 1024;

/** Null for what is not to be read as text. */
async function textOf(
  context: ToolContext,
  bytes: Buffer,
  { charset }: FileAnswer,
  path: string,
): Promise<{ readonly text: string; readonly kept: string | null } | null> {
  if (bytes.subarray(0, 1024).includes("%PDF-")) {
    const source = await pdfText(context, path, maxPdfText);
    if (source.kind !== "text") return { text: `(${source.about})`, kept: null };
    const place = placeFor(
      context,
      null,
      `${plainName(path.slice(path.lastIndexOf("/") + 1))}.txt`,
    );
    const why = keep(context, place, Buffer.from(source.text));
    return { text: source.text, kept: why === null ? place.path : null };
  }
  if (looksBinary(bytes)) return null;
  return { text: decoded(bytes, charset), kept: null };
}

function decoded(bytes: Buffer, charset: string | null): string {
  try {
    if (charset !== null && !/^utf-?8$/i.test(charset))
      return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    // No such charset: as UTF-8.
    if (!(error instanceof RangeError)) throw error;
  }
  return safeText(bytes);
}
