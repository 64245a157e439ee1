import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { bodyLimits, createRooms, parseBody, readBody } from "../../src/gateway/body.ts";

const limits = { bytes: 100, bytesPerUid: 150, bytesInAll: 250, values: 20, depth: 4 };
const good = JSON.stringify({ model: "m", messages: [] });
const sent = (text: string): IncomingMessage =>
  Readable.from([Buffer.from(text)]) as unknown as IncomingMessage;
const parse = (text: string, within = bodyLimits) => parseBody(Buffer.from(text), within);

test("a request is a map with a model and messages or input", () => {
  expect(parse(good)).toEqual({ ok: true, body: { model: "m", messages: [] }, bytes: 27 });
  expect(parse('{"model":"m","input":"x"}').ok).toBe(true);
});

test.each([
  ["", 400],
  ["{", 400],
  ["[]", 400],
  ["null", 400],
  ['"text"', 400],
  ['{"model":1,"messages":[]}', 400],
  ['{"model":"m","messages":"x"}', 400],
  ['{"model":"m"}', 400],
  [`{"model":"m","messages":[],"z":${"[".repeat(200)}${"]".repeat(200)}}`, 400],
  [`{"model":"m","messages":[],"z":${"[".repeat(1e6)}${"]".repeat(1e6)}}`, 400],
  [`{"model":"m","messages":[${"[],".repeat(3e6)}[]]}`, 413],
])("%.40s is refused", (text, status) => {
  expect(parse(text)).toMatchObject({ ok: false, problem: { status } });
});

test("what a large honest request holds is not too much", () => {
  const messages = [{ role: "user", content: "a, b; {c}: [d]. ".repeat(100_000) }];
  expect(parse(JSON.stringify({ model: "m", messages })).ok).toBe(true);
});

test("a body over the limit is refused before it is parsed", async () => {
  const room = createRooms(limits)(1);
  const taken = await readBody(sent("x".repeat(101)), room, limits);
  expect(taken).toMatchObject({ ok: false, problem: { status: 413 } });
});

test("one uid cannot hold what the others need, and gets it back when its calls are over", async () => {
  const rooms = createRooms(limits);
  const padded = good.padEnd(90);
  const [first, second, other, third] = [rooms(1), rooms(1), rooms(2), rooms(3)];
  expect((await readBody(sent(padded), first, limits)).ok).toBe(true);
  const busy = { ok: false, problem: { status: 429, retryAfterSeconds: 5 } };
  expect(await readBody(sent(padded), second, limits)).toMatchObject(busy);
  expect((await readBody(sent(padded), other, limits)).ok).toBe(true);
  expect(await readBody(sent(padded), third, limits)).toMatchObject(busy);
  first.release();
  first.release();
  expect((await readBody(sent(padded), second, limits)).ok).toBe(true);
  expect(await readBody(sent(padded), third, limits)).toMatchObject(busy);
});
