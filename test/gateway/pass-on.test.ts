import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { newAccount } from "../../src/gateway/account.ts";
import { passOn, readWhole } from "../../src/gateway/pass-on.ts";

async function* bytes(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string): string => event({ choices: [{ delta: { content } }] });
const last = event({ choices: [{ delta: {}, finish_reason: "stop" }] });
const used = event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } });

/** A caller; one that does not read never takes the first byte. */
function caller(reads: boolean) {
  const got: string[] = [];
  const stream = new Writable({
    highWaterMark: 16,
    write: (part, _, done) => {
      got.push(String(part));
      if (reads) done();
    },
  });
  return { response: stream as unknown as ServerResponse, text: () => got.join("") };
}

const passage = (body: AsyncIterable<Uint8Array>, signal = new AbortController().signal) => ({
  reply: { body },
  label: "p/m",
  account: newAccount(),
  signal,
});

test("events come out as they went in, also when they were cut between bytes", async () => {
  const whole = delta("grüße") + delta("!") + last + used;
  const raw = Buffer.from(`${whole}data: [DONE]\n\n`);
  async function* single(): AsyncGenerator<Uint8Array> {
    for (const byte of raw) yield Uint8Array.of(byte);
  }
  const { response, text } = caller(true);
  const given = passage(single());
  expect(await passOn(response, given)).toBeNull();
  expect(text()).toBe(whole);
  const usage = { input: 7, output: 3 };
  expect(given.account).toEqual({ usage, bytes: 8, finished: true, abandoned: false });
});

test("a caller that does not read gives its place back", async () => {
  const { response } = caller(false);
  const why = await passOn(response, passage(bytes(delta("a".repeat(100)), last)), 1);
  expect(why).toContain("does not read");
});

test("a caller that has gone ends the upstream's answer", async () => {
  const { response } = caller(false);
  const gone = new AbortController();
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from(delta("a".repeat(100)));
    } finally {
      closed = true;
    }
  }
  const passing = passOn(response, passage(endless(), gone.signal));
  setImmediate(() => gone.abort());
  expect(await passing).toContain("has gone");
  expect(closed).toBe(true);
});

test("a whole answer is passed as bytes, and its usage noted", async () => {
  const given = passage(bytes('{"usage":{"prompt_tokens":1,', '"completion_tokens":2}}'));
  expect(String(await readWhole(given))).toBe(
    '{"usage":{"prompt_tokens":1,"completion_tokens":2}}',
  );
  expect(given.account.usage).toEqual({ input: 1, output: 2 });
});

test("a whole answer that is cut or no JSON is an error that names who sent it", async () => {
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("{");
    throw new Error("terminated");
  }
  expect(await readWhole(passage(cut()))).toBe("p/m broke off: terminated");
  expect(await readWhole(passage(bytes("<html>")))).toContain("p/m sent something");
});
