/** The bridge as the program in the sandbox may treat it: floods, cuts, guesses, and what it leaves behind. */
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import net from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { send } from "../../../src/runner/bridge/doors.ts";
import { chunk, openWorld, streamOf, type World } from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.says(streamOf(chunk({ content: "Hello" }, "stop")));
});
afterEach(() => world[Symbol.asyncDispose]());

const chat = "/v1/chat/completions";
const question = { model: "smart", messages: [{ role: "user", content: "hi" }] };

/** Sends bytes as they are; resolves with all that comes back, when the connection ends. */
function raw(text: string, until: (heard: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = net.connect(world.bridge.socket);
    const done = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setEncoding("utf8").on("data", (part: string) => {
      heard += part;
      if (until(heard)) done();
    });
    socket.on("error", () => undefined).on("close", done);
    socket.write(text);
  });
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

test("a request that is too large is refused in words, not by a broken connection", async () => {
  const heard = await world.post(chat, { ...question, pad: "x".repeat(33 << 20) });
  expect(heard.status).toBe(413);
  expect(world.asked).toEqual([]);
  expect((await world.post(chat, question)).status).toBe(200);
});

test.each([
  ["nested too deeply", `{"messages":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, 400],
  ["no JSON", "{", 400],
  ["no object", "[]", 400],
])("a request %s is refused", async (_, body, status) => {
  for (const path of [chat, "/v1/messages", "/v1/responses", "/v1/models/m:generateContent"])
    expect((await world.post(path, body)).status).toBe(status);
  expect(world.asked).toEqual([]);
});

test("a request of too many values is refused before it costs memory", async () => {
  const body = `{"messages":[${"[],".repeat(1 << 20)}[]]}`;
  expect((await world.post(chat, body)).status).toBe(413);
  expect(world.asked).toEqual([]);
});

test("what a cut call cost is told before the bridge is closed, and nothing after", async () => {
  world.answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chunk({ content: "Hel" }));
  };
  const { token } = world.bridge;
  const body = JSON.stringify({ ...question, stream: true });
  const head = `POST ${chat} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`;
  let heard = "";
  const cut = raw(`${head}content-length: ${body.length}\r\n\r\n${body}`, (text) => {
    heard = text;
    return false;
  });
  await until(() => heard.includes("Hel"));
  await world.bridge.close();
  expect(world.calls).toHaveLength(1);
  await cut;
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.calls).toHaveLength(1);
});

test("one connection carries one request at a time", async () => {
  world.answer = () => undefined;
  const { token } = world.bridge;
  const one = `GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`;
  await raw(one.repeat(200));
  expect(world.asked.length).toBeLessThanOrEqual(1);
  world.says(streamOf(chunk({ content: "Hello" }, "stop")));
  expect((await world.post(chat, question)).status).toBe(200);
});

test("no call keeps the bridge from closing, whatever the gateway or the program does", async () => {
  world.answer = () => undefined;
  const { token } = world.bridge;
  const head = `HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`;
  const body = JSON.stringify(question);
  const all = [
    ...Array.from({ length: 20 }, () => raw(`GET /v1/models ${head}\r\n`)),
    raw(`POST ${chat} ${head}content-length: ${body.length}\r\n\r\n${body}`),
    // Its body never comes.
    raw(`POST ${chat} ${head}content-length: 99\r\n\r\n{`),
  ];
  await until(() => world.asked.length === 21);
  await world.bridge.close();
  await Promise.all(all);
});

test.each([
  ["a tunnel", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: x\r\n\r\n"],
  [
    "two lengths",
    `POST ${chat} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "a line break in a header",
    `POST ${chat} HTTP/1.1\r\nhost: x\r\nx-a: b\nx-con-task: other\r\n\r\n`,
  ],
  ["no HTTP", "\x16\x03\x01\x00\x00\r\n\r\n"],
])("%s reaches nothing, and the bridge lives on", async (_, bytes) => {
  await raw(bytes, (heard) => heard.includes("\r\n\r\n"));
  expect(world.asked).toEqual([]);
  expect((await world.post(chat, question)).status).toBe(200);
});

test.each([
  ["in the address", { "x-other": "1" }, true],
  ["with something behind it", null, false],
])("the token %s counts for nothing", async (_, headers, inQuery) => {
  const { token } = world.bridge;
  const path = inQuery ? `${chat}?key=${token}` : chat;
  const shown = headers ?? { authorization: `Bearer ${token}0` };
  expect((await world.post(path, question, shown)).status).toBe(401);
});

test("a client that has gone ends the wait for it", async () => {
  const socket = Object.assign(new EventEmitter(), { destroyed: false });
  const slow = Object.assign(new EventEmitter(), { req: { socket }, write: () => false });
  const sent = send(slow as unknown as ServerResponse, "x");
  socket.emit("close");
  await sent;
  socket.destroyed = true;
  await expect(send(slow as unknown as ServerResponse, "x")).rejects.toThrow("gone");
});

test("a client that reads slowly costs no listener for each wait", async () => {
  const socket = Object.assign(new EventEmitter(), { destroyed: false });
  const slow = Object.assign(new EventEmitter(), { req: { socket }, write: () => false });
  for (let count = 0; count < 50; count += 1) {
    const sent = send(slow as unknown as ServerResponse, "x");
    slow.emit("drain");
    await sent;
  }
  expect([socket.listenerCount("close"), slow.listenerCount("drain")]).toEqual([0, 0]);
});
