/** What goes over the socket: frames, requests, bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bounds } from "../../../src/sandbox/throwaway/bounds.ts";
import { refusalOf, uidOf } from "../../../src/sandbox/throwaway/caller.ts";
import { createCut } from "../../../src/sandbox/throwaway/cut.ts";
import {
  createFrameReader,
  FrameError,
  type FrameKind,
  frame,
  jsonFrame,
} from "../../../src/sandbox/throwaway/frame.ts";
import {
  launchArguments,
  launchEnvironment,
  mounts,
} from "../../../src/sandbox/throwaway/launch.ts";
import { createReceiver } from "../../../src/sandbox/throwaway/receive.ts";
import { type Header, isSafePath, troubleWith } from "../../../src/sandbox/throwaway/request.ts";
import type { Input } from "../../../src/sandbox/throwaway/unpack.ts";
import { memoryGroup } from "../../../src/sandbox/throwaway/usage.ts";

const header: Header = {
  version: 1,
  language: "python",
  arguments: [],
  files: ["a", "b/c"],
  outputs: [],
  timeoutSeconds: 60,
  memoryMb: 512,
  layers: [],
};
const parts = ["code", "in", "A", "C"].map((text) => Buffer.from(text));

function receive(chunks: readonly Buffer[]): (Input | string)[] {
  const got: (Input | string)[] = [];
  const add = createReceiver((asked) => got.push(asked));
  for (const chunk of chunks) add(chunk);
  return got;
}

describe("frames", () => {
  it("come out as they went in, however they are cut", () => {
    const list = fc.array(fc.tuple(fc.constantFrom<FrameKind>("h", "b", "o"), fc.uint8Array()));
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 40 }), (frames, step) => {
        const bytes = Buffer.concat(frames.map(([kind, body]) => frame(kind, body)));
        const seen: [FrameKind, number[]][] = [];
        const reader = createFrameReader(
          () => 1000,
          (kind, body) => seen.push([kind, [...body]]),
        );
        for (let at = 0; at < bytes.length; at += step) reader.add(bytes.subarray(at, at + step));
        expect(seen).toEqual(frames.map(([kind, body]) => [kind, [...body]]));
      }),
    );
  });

  it("are refused when they are too long or none, before their bytes are held", () => {
    const long = Buffer.from([0x62, 0xff, 0xff, 0xff, 0xff]);
    const reader = () =>
      createFrameReader(
        () => 1000,
        () => undefined,
      );
    expect(() => reader().add(long)).toThrow(FrameError);
    expect(() => reader().add(Buffer.from("hello world"))).toThrow(FrameError);
  });
});

describe("a request", () => {
  it("is put together from any chunks", () => {
    const all = Buffer.concat([jsonFrame("h", header), ...parts.map((part) => frame("b", part))]);
    const bytewise = [...all].map((byte) => Buffer.from([byte]));
    for (const chunks of [[all], bytewise]) {
      const [got, ...more] = receive(chunks);
      expect(more).toEqual([]);
      expect(got).toMatchObject({ header, code: parts[0], stdin: parts[1] });
      expect((got as Input).files.map(String)).toEqual(["A", "C"]);
    }
  });

  it("is refused once, whatever still comes", () => {
    const blob = frame("b", Buffer.from("x"));
    const bad = jsonFrame("h", { ...header, files: ["../x"] });
    const got = receive([bad, blob, blob]);
    expect(got).toEqual([expect.stringContaining('"../x"')]);
    expect(receive([blob])).toEqual([expect.stringContaining("no frame of this moment")]);
    expect(receive([frame("h", Buffer.from("{"))])).toEqual(["the request is no JSON"]);
    const head = Buffer.concat([jsonFrame("h", header), Buffer.from([0x62, 0x7f, 0, 0, 0])]);
    expect(receive([head])).toEqual([expect.stringContaining("longer than")]);
  });

  it.each([
    ["another version", { version: 2 }],
    ["an unknown language", { language: "ruby" }],
    ["a language from the prototype", { language: "constructor" }],
    ["no time", { timeoutSeconds: 0 }],
    ["too much time", { timeoutSeconds: bounds.timeoutSeconds.max + 1 }],
    ["no number", { timeoutSeconds: Number.NaN }],
    ["too much memory", { memoryMb: 1e6 }],
    ["a file in place of the code", { files: ["main.py"] }],
    ["the same file twice", { files: ["a", "a"] }],
    ["an argument with NUL", { arguments: ["a\0b"] }],
    ["no list", { files: "a" }],
    ["a layer by path", { layers: ["/etc"] }],
    ["an output outside", { outputs: ["/etc/passwd"] }],
    ["too many outputs", { outputs: Array.from({ length: 65 }, (_, n) => `o${n}`) }],
  ])("with %s is refused", (_, change) => {
    expect(troubleWith(header)).toBeNull();
    expect(troubleWith({ ...header, ...change } as Header)).not.toBeNull();
  });

  it("names only paths that stay inside", () => {
    for (const path of [
      "",
      "/a",
      "a/",
      "a//b",
      ".",
      "a/..",
      "../a",
      "a\nb",
      "a\0",
      "\ud800",
      "x".repeat(256),
    ])
      expect(isSafePath(path), JSON.stringify(path)).toBe(false);
    for (const path of ["a", "a/b.txt", "..a", "ä/ö", " "]) expect(isSafePath(path)).toBe(true);
  });
});

describe("who asks", () => {
  const compiled = JSON.stringify({ version: 1, callers: [{ uid: 20_001, name: "x" }] });

  it("is the uid in the instance's name, and nothing else", () => {
    expect(uidOf("17-4321-20001")).toBe(20_001);
    for (const odd of ["", "20001", "1-2", "1-2-3-4", "1-2-x", "0-unknown", "1-2--3"])
      expect(uidOf(odd), odd).toBeNull();
  });

  it("is refused unless the compiled file names that uid", () => {
    expect(refusalOf(20_001, compiled)).toBeNull();
    expect(refusalOf(0, null)).toBeNull();
    for (const [uid, text] of [
      [20_002, compiled],
      [20_001, null],
      [20_001, "{"],
      [20_001, '{"version":2,"callers":[{"uid":20001}]}'],
      [null, compiled],
    ] as const)
      expect(refusalOf(uid, text)).not.toBeNull();
  });
});

it("keeps a head and a tail of any stream", () => {
  let head = "";
  const cut = createCut({ head: 4, tail: 3 }, (chunk) => {
    head += String(chunk);
  });
  for (const part of ["ab", "cdef", "g", "hijkl"]) cut.add(Buffer.from(part));
  expect([head, String(cut.tail()), cut.totalBytes()]).toEqual(["abcd", "jkl", 12]);
});

it("starts the code with its own words as arguments, and no variable of ours", () => {
  const argv = launchArguments({ ...header, language: "node", arguments: ["$(id)", "-x"] });
  expect(argv.slice(-3)).toEqual(["/work/main.js", "$(id)", "-x"]);
  expect(argv).toContain("--max-old-space-size=512");
  expect(Object.keys(launchEnvironment([]))).not.toContain("NODE_OPTIONS");
  const name = "a".repeat(64);
  expect(mounts([name])).toContain(`/all-layers/${name} /layers/${name} none bind`);
  expect(mounts([])).not.toContain("bind");
});

it("finds the control group that counts memory, in both versions of control groups", () => {
  expect(memoryGroup("4:cpu:/a\n3:memory:/b\n0::/c\n")).toBe("/sys/fs/cgroup/memory/b");
  expect(memoryGroup("0::/c\n")).toBe("/sys/fs/cgroup/c");
  expect(memoryGroup("")).toBeNull();
});
