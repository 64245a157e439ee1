/** The caller's side against a socket that behaves well, badly and not at all; outputs against hostile files. */
import fs from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRunThrowaway } from "../../../src/sandbox/throwaway/client.ts";
import { collect } from "../../../src/sandbox/throwaway/collect.ts";
import { frame, jsonFrame } from "../../../src/sandbox/throwaway/frame.ts";
import { nothingRun } from "../../../src/sandbox/throwaway/reply.ts";

let directory: string;
let server: net.Server | null = null;
beforeEach(() => {
  directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "con-throwaway-")));
});
afterEach(async () => {
  const open = server;
  server = null;
  if (open !== null) await new Promise((resolve) => open.close(resolve));
  fs.rmSync(directory, { recursive: true });
});

const never = new AbortController().signal;
const request = { language: "shell", code: "true" } as const;
const fine = {
  ...nothingRun({ kind: "exit", code: 0, signal: null }),
  stdoutBytes: 9,
  files: ["o"],
};

function serve(act: (socket: net.Socket, count: number) => void): Promise<string> {
  const path = join(directory, "socket");
  let count = 0;
  server = net.createServer((socket) => {
    count += 1;
    socket.on("error", () => socket.destroy());
    act(socket, count);
  });
  return new Promise((resolve) => server?.listen(path, () => resolve(path)));
}

it("hears output as it comes, then the result and its files", async () => {
  const socket = await serve((peer) => {
    peer.once("data", () => {
      peer.write(frame("o", Buffer.from("head")));
      peer.write(frame("O", Buffer.from("tail")));
      peer.write(jsonFrame("r", fine));
      peer.write(frame("b", Buffer.from("made")));
    });
  });
  const heard: string[] = [];
  const run = createRunThrowaway({ socket });
  const result = await run(
    { ...request, onOutput: ({ stream, bytes }) => heard.push(`${stream} ${Buffer.from(bytes)}`) },
    never,
  );
  expect(result.ending).toEqual({ kind: "exit", code: 0, signal: null });
  expect(heard).toEqual(["stdout head"]);
  expect([
    String(result.stdout.head),
    String(result.stdout.tail),
    result.stdout.totalBytes,
  ]).toEqual(["head", "tail", 9]);
  expect(result.files.map(({ path, bytes }) => [path, String(bytes)])).toEqual([["o", "made"]]);
});

it("comes again when it is hung up on without a word, and gives up in the end", async () => {
  const socket = await serve((peer, count) => {
    if (count < 3) peer.destroy();
    else peer.once("data", () => peer.write(jsonFrame("r", { ...fine, files: [] })));
  });
  const patient = await createRunThrowaway({ socket })(request, never);
  expect(patient.ending.kind).toBe("exit");
  let clock = 0;
  const hurried = createRunThrowaway({
    socket: join(directory, "busy"),
    patienceMs: 1,
    now: () => {
      clock += 1;
      return clock;
    },
  });
  const busy = net.createServer((peer) => peer.destroy()).listen(join(directory, "busy"));
  expect((await hurried(request, never)).ending).toMatchObject({ kind: "unavailable" });
  await new Promise((resolve) => busy.close(resolve));
});

it("says which way it failed", async () => {
  const absent = await createRunThrowaway({ socket: join(directory, "none") })(request, never);
  expect(absent.ending).toMatchObject({ kind: "unavailable" });
  const bad = await createRunThrowaway()(
    { ...request, files: [{ path: "/x", bytes: Buffer.of() }] },
    never,
  );
  expect(bad.ending).toMatchObject({ kind: "refused" });
  const cut = await serve((peer) => {
    peer.once("data", () => peer.end(frame("o", Buffer.from("x"))));
  });
  expect((await createRunThrowaway({ socket: cut })(request, never)).ending.kind).toBe("killed");
});

it.each([
  ["no frame", Buffer.from("HTTP/1.1 200 OK")],
  ["a path outside", jsonFrame("r", { ...fine, files: ["../x"] })],
  ["no JSON", frame("r", Buffer.from("{"))],
  ["null", jsonFrame("r", null)],
  ["half a reply", jsonFrame("r", { version: 1, files: [] })],
])("takes %s for no answer", async (_, bytes) => {
  const socket = await serve((peer) => {
    peer.once("data", () => peer.write(bytes));
  });
  const result = await createRunThrowaway({ socket })(request, never);
  expect(result.ending.kind).toBe("killed");
  expect(result.files).toEqual([]);
});

it("hangs up when it is aborted", async () => {
  const abort = new AbortController();
  let gone: Promise<unknown> = Promise.resolve();
  const socket = await serve((peer) => {
    gone = new Promise((resolve) => peer.once("close", resolve));
    peer.once("data", () => abort.abort());
  });
  const result = await createRunThrowaway({ socket })(request, abort.signal);
  expect(result.ending).toEqual({ kind: "aborted" });
  await gone;
});

it("collects regular files only, by no link, within the bound", () => {
  const inside = join(directory, "work");
  const outside = join(directory, "outside");
  fs.mkdirSync(inside);
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, "secret"), "secret");
  fs.writeFileSync(join(inside, "good"), "good");
  fs.mkdirSync(join(inside, "folder"));
  fs.symlinkSync(join(outside, "secret"), join(inside, "link"));
  fs.symlinkSync(outside, join(inside, "way"));
  fs.symlinkSync("x".repeat(300), join(inside, "nowhere"));
  const large = fs.openSync(join(inside, "large"), "w");
  fs.ftruncateSync(large, 65 * 2 ** 20);
  fs.closeSync(large);
  const paths = ["good", "folder", "link", "way/secret", "large", "none", "good/x", "nowhere/x"];
  const { files, missing } = collect(inside, paths);
  expect(files.map(({ path }) => path)).toEqual(["good"]);
  expect(missing.map(({ path }) => path)).toEqual(paths.slice(1));
});
