/**
 * One page or file: asked for without a browser first, which tells what it is; a page is then rendered where there is
 * a browser, and read as it came where there is none or where it failed.
 *
 * Throws nothing that a site can cause.
 */

import { readBody } from "./body.ts";
import { NoWay } from "./dial.ts";
import { type Send, sendFile, sendWhole } from "./file.ts";
import { type GetDeps, type Got, get } from "./get.ts";
import type { Jailed, PageJob } from "./jail.ts";
import { webUrl } from "./target.ts";
import { none, type WebAnswer, type WebRequest } from "./wire.ts";

export interface FetchDeps {
  readonly get: GetDeps;
  /** Runs a job in the jail. */
  readonly page: (job: PageJob, bytes: Uint8Array | null, timeoutMs: number) => Promise<Jailed>;
  /** Why connections of the browser were refused, by host and port. */
  readonly refusals: () => ReadonlyMap<string, string>;
  readonly hasBrowser: boolean;
  readonly send: Send;
  readonly now: () => number;
}

type Fetch = Extract<WebRequest, { verb: "fetch" }>;

/** Of a page as it comes; no reader needs more. */
const maxHtml = 5 * 1024 * 1024;
const times = {
  /** Until a page is there, or a file begins. */
  headMs: 20_000,
  htmlMs: 15_000,
  renderMs: 25_000,
  /** On top: start, look, Markdown. */
  renderExtraMs: 12_000,
  readMs: 12_000,
  fileMs: 300_000,
} as const;

export async function fetchPage(
  deps: FetchDeps,
  asked: Fetch,
  signal: AbortSignal,
): Promise<WebAnswer> {
  const url = webUrl(asked.url);
  if (!url.ok) return none("refused", url.why);
  const head = new AbortController();
  const timer = setTimeout(
    () => head.abort(new DOMException("too slow", "TimeoutError")),
    times.headMs,
  );
  try {
    const body = AbortSignal.any([signal, head.signal]);
    const got = await get(deps.get, url.value, body);
    clearTimeout(timer);
    const limit = setTimeout(
      () => head.abort(new DOMException("too slow", "TimeoutError")),
      isPage(got, asked) ? times.htmlMs : times.fileMs,
    );
    try {
      return isPage(got, asked) ? await page(deps, asked, got) : await sendFile(deps, asked, got);
    } finally {
      clearTimeout(limit);
      got.body.destroy();
    }
  } catch (error) {
    if (!(error instanceof NoWay)) throw error;
    return none(error.kind, error.message);
  } finally {
    clearTimeout(timer);
  }
}

const htmlTypes: ReadonlySet<string> = new Set(["text/html", "application/xhtml+xml"]);

const isPage = (got: Got, { mode }: Fetch): boolean =>
  mode !== "raw" && !got.isAttachment && (htmlTypes.has(got.type) || got.type === "");

async function page(deps: FetchDeps, asked: Fetch, got: Got): Promise<WebAnswer> {
  const { bytes, whole, why } = await readBody(got.body, maxHtml);
  if (isFile(bytes)) {
    if (!whole)
      return none(
        "failed",
        `${got.url.host}: it says it is a page, but is a file: ask with mode raw`,
      );
    return sendWhole(deps, asked, got, bytes);
  }
  const notes = whole ? [] : [`its source was not read to the end: ${why}`];
  if (!deps.hasBrowser) {
    if (asked.mode === "rendered") return none("failed", noBrowser);
    return readStatic(deps, asked, got, bytes, [...notes, `not rendered: ${noBrowser}`]);
  }
  // A browser takes all of its patience for such a page, and shows no more of it.
  const isTooLong = !whole && bytes.length >= maxHtml && asked.mode !== "rendered";
  if (isTooLong) return readStatic(deps, asked, got, bytes, [...notes, tooLong]);
  const rendered = await show(deps, asked, got);
  if ("answer" in rendered) return rendered.answer;
  if (asked.mode === "rendered") return none("failed", rendered.why);
  return readStatic(deps, asked, got, bytes, [
    ...notes,
    `read without running its programs: ${rendered.why}`,
  ]);
}

const noBrowser = "this image has no browser (profiles web and full have one)";

const tooLong = "read without running its programs, as it is so long (mode rendered tries)";

/** By what it holds: a NUL byte, or the mark of a PDF. */
const isFile = (bytes: Buffer): boolean =>
  bytes.subarray(0, 1024).includes(0) && !isUtf16(bytes)
    ? true
    : bytes.subarray(0, 5).equals(pdfMark);
const pdfMark = Buffer.from("%PDF-");
const isUtf16 = (bytes: Buffer): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

type Shown = { readonly answer: WebAnswer } | { readonly why: string };

async function show(deps: FetchDeps, asked: Fetch, got: Got): Promise<Shown> {
  const { whole, screenshot } = asked;
  const job = {
    job: "render",
    url: got.url.href,
    whole,
    screenshot,
    patience: times.renderMs,
  } as const;
  const done = await deps.page(job, null, times.renderMs + times.renderExtraMs);
  if (!done.ok) return { why: `the browser failed: ${done.why}` };
  const { said, markdown } = done;
  const code = said["code"];
  // The jail says that there was a refusal. Which one it was, the proxy alone knows.
  const refusal = code === "refused" ? [...deps.refusals().values()].at(-1) : undefined;
  if (refusal !== undefined) return { answer: none("refused", refusal) };
  if (code === "refused") return { why: "the browser tells of a refusal that was none" };
  if (code !== undefined) return { why: whyOf(deps, said) };
  const url = text(said["url"], 8192);
  const final = webUrl(url);
  if (!final.ok) return { why: "the browser came to no page of the web" };
  if (done.screenshot !== null) await deps.send("S", done.screenshot);
  await deps.send("M", markdown);
  return {
    answer: {
      kind: "page",
      url,
      status: number(said["status"]) || got.status,
      title: text(said["title"], 300),
      how: "rendered",
      notes: list(said["notes"]),
    },
  };
}

/** Chromium says of a refused tunnel only that there was none; the latest is the one that ended the page. */
function whyOf({ refusals }: FetchDeps, said: Readonly<Record<string, unknown>>): string {
  const why = `the browser says: ${text(said["why"], 300)}`;
  const refusal = [...refusals().values()].at(-1);
  return refusal !== undefined && why.includes("TUNNEL") ? `${why}; ${refusal}` : why;
}

async function readStatic(
  deps: FetchDeps,
  { whole }: Fetch,
  got: Got,
  bytes: Buffer,
  notes: readonly string[],
): Promise<WebAnswer> {
  const job = { job: "read", url: got.url.href, whole, charset: got.charset } as const;
  const done = await deps.page(job, bytes, times.readMs);
  if (!done.ok)
    return none("failed", `the page could not be read (${done.why}): fetch it with mode raw`);
  await deps.send("M", done.markdown);
  return {
    kind: "page",
    url: got.url.href,
    status: got.status,
    title: text(done.said["title"], 300),
    how: "static",
    notes: [...notes, ...list(done.said["notes"])],
  };
}

const text = (value: unknown, most: number): string =>
  typeof value === "string" ? value.slice(0, most).toWellFormed() : "";
const number = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 1000
    ? (value as number)
    : 0;
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.slice(0, 8).map((one) => text(one, 300)) : [];
