import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerFrame, encodeFrame, type WebAnswer } from "../../src/browser/wire.ts";
import { createAskWeb } from "../../src/runner/web.ts";

let directory: string;
let server: net.Server | null;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-web-"));
  server = null;
});
afterEach(() => {
  server?.close();
  fs.rmSync(directory, { recursive: true });
});

const socketPath = () => path.join(directory, "browser.sock");
const request = {
  verb: "fetch",
  url: "x",
  mode: "auto",
  whole: false,
  screenshot: false,
  maxBytes: 10,
} as const;
const answer: WebAnswer = {
  kind: "file",
  url: "x",
  status: 200,
  type: "",
  charset: null,
  name: null,
  notes: [],
};
const hello = encodeFrame("+", Buffer.alloc(0));

async function serve(each: (socket: net.Socket, count: number) => void): Promise<void> {
  let count = 0;
  server = net.createServer((socket) => {
    count += 1;
    socket.on("error", () => socket.destroy());
    each(socket, count);
  });
  await new Promise<void>((done) => server?.listen(socketPath(), done));
}

const ask = (signal = new AbortController().signal) =>
  createAskWeb({ socket: socketPath(), knockMs: 1 })(request, signal);

describe("the browser's caller", () => {
  it("puts frames together, however they are cut", async () => {
    await serve((socket) => {
      const all = Buffer.concat([
        hello,
        encodeFrame("B", Buffer.from("12345")),
        encodeFrame("B", Buffer.from("67")),
        answerFrame(answer),
      ]);
      for (const byte of all) socket.write(Buffer.of(byte));
      socket.end();
    });
    expect(await ask()).toMatchObject({ answer, file: Buffer.from("1234567") });
  });

  it("comes again when all places are taken, and not when work had begun", async () => {
    await serve((socket, count) => {
      if (count < 3) socket.destroy();
      else socket.end(Buffer.concat([hello, answerFrame(answer)]));
    });
    expect((await ask()).answer).toEqual(answer);
    server?.close();
    fs.rmSync(socketPath(), { force: true });
    let knocks = 0;
    await serve((socket, count) => {
      knocks = count;
      socket.end(hello);
    });
    expect((await ask()).answer).toMatchObject({
      code: "failed",
      why: expect.stringContaining("without an answer"),
    });
    expect(knocks).toBe(1);
  });

  it("takes no more than it asked for, and no nonsense", async () => {
    await serve((socket, count) => {
      if (count === 1) socket.write(Buffer.concat([hello, encodeFrame("B", Buffer.alloc(11))]));
      else socket.write("HTTP/1.1 200 OK\r\n\r\n");
    });
    expect((await ask()).answer).toMatchObject({
      why: expect.stringContaining("more than it was asked for"),
    });
    expect((await ask()).answer).toMatchObject({
      why: expect.stringContaining("nobody understands"),
    });
  });

  it("ends with its task, and says where there is no browser", async () => {
    expect((await ask()).answer).toMatchObject({ why: expect.stringContaining("ENOENT") });
    const stop = new AbortController();
    await serve((socket) => {
      socket.write(hello, () => stop.abort());
    });
    expect((await ask(stop.signal)).answer).toMatchObject({ code: "failed" });
  });
});
