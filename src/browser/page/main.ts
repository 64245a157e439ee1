/**
 * The inside of the jail as a program: one job from standard input, frames to standard output, then the end.
 * Whoever started it kills everything here with it.
 */
import type { Readable, Writable } from "node:stream";
import { encodeFrame, framesOf, jsonOf } from "../wire.ts";
import { decodePage } from "./charset.ts";
import { type Rendered, render } from "./chromium.ts";
import { toMarkdown } from "./markdown.ts";
import { startRelay } from "./relay.ts";

export interface PageIo {
  readonly input: Readable;
  readonly output: Writable;
  /** Path of the proxy's socket. */
  readonly proxy: string;
  readonly now: () => number;
}

const newline = 0x0a;

export async function runPage(io: PageIo): Promise<void> {
  const input = await readAll(io.input);
  const end = input.indexOf(newline);
  const job = jsonOf(input.subarray(0, end).toString("utf8")) ?? {};
  if (job["job"] === "read") return read(io, job, input.subarray(end + 1));
  return show(io, job);
}

type Job = Readonly<Record<string, unknown>>;

function read({ output }: PageIo, { url, whole, charset }: Job, bytes: Buffer): void {
  const html = decodePage(bytes, typeof charset === "string" ? charset : null);
  const page = toMarkdown({ html, url: String(url), whole: whole === true });
  for (const frame of framesOf("M", Buffer.from(page.markdown))) output.write(frame);
  output.write(said({ title: page.title, notes: page.notes }));
}

async function show({ output, proxy, now }: PageIo, job: Job): Promise<void> {
  const relay = await startRelay(proxy);
  const rendered = await render({
    url: String(job["url"]),
    proxyPort: relay.port,
    screenshot: job["screenshot"] === true,
    patienceMs: Number(job["patience"]),
    now,
  });
  relay.server.close();
  if (!rendered.ok) {
    output.write(said({ code: rendered.code, why: rendered.why }));
    return;
  }
  write(output, rendered, job["whole"] === true);
}

function write(output: Writable, rendered: Extract<Rendered, { ok: true }>, whole: boolean): void {
  const { url, status, html, screenshot } = rendered;
  const page = toMarkdown({ html, url, whole });
  for (const frame of framesOf("M", Buffer.from(page.markdown))) output.write(frame);
  for (const frame of framesOf("S", screenshot ?? Buffer.alloc(0))) output.write(frame);
  output.write(said({ url, status, title: page.title, notes: [...rendered.notes, ...page.notes] }));
}

const said = (value: object): Buffer => encodeFrame("R", Buffer.from(JSON.stringify(value)));

async function readAll(input: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of input as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
