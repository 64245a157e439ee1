/** What root takes of an installer's archive: plain files in their folder, and nothing of what a hostile one may say. */
import { expect, test } from "vitest";
import { takeArchive } from "../../../src/host/layers/archive.ts";
import { header } from "../../../src/installer/pack.ts";
import { archiveOf, lockEntryOf, padded, readerOf } from "./support.ts";

const take = (bytes: Buffer) => {
  const files: Record<string, string> = {};
  let path = "";
  const taken = takeArchive(readerOf(bytes), "node", {
    begin: (name) => {
      path = name;
      files[name] = "";
    },
    write: (piece) => {
      files[path] += piece.toString("latin1");
    },
    end: () => undefined,
  });
  return { taken, files };
};
const whyOf = (bytes: Buffer): string => {
  const { taken } = take(bytes);
  return taken.ok ? "taken" : taken.why;
};

const long = `node_modules/${"deep/".repeat(30)}file.js`;

test("plain files are taken, with long names and without content", () => {
  const { taken, files } = take(
    archiveOf({ "node_modules/a/index.js": "text", [long]: "x".repeat(700), "node_modules/e": "" }),
  );
  expect(taken).toMatchObject({ ok: true, lock: { packages: ["a==1"] } });
  expect(files).toEqual({
    "node_modules/a/index.js": "text",
    [long]: "x".repeat(700),
    "node_modules/e": "",
  });
});

const good = archiveOf({ "node_modules/a": "text" });
const end = Buffer.alloc(1024);
const odd = (path: string, how: { type?: string; mode?: number } = {}) =>
  Buffer.concat([lockEntryOf(), header(path, 0, how), end]);

test.each([
  ["a symbolic link", odd("node_modules/a", { type: "2" }), "is a symbolic link"],
  ["a hard link", odd("node_modules/a", { type: "1" }), "is a hard link"],
  ["a device", odd("node_modules/a", { type: "3" }), "is a device"],
  ["a named pipe", odd("node_modules/a", { type: "6" }), "is a named pipe"],
  ["a kind of GNU's", odd("node_modules/a", { type: "L" }), "is no file"],
  ["a set-user-ID bit", odd("node_modules/a", { mode: 0o4755 }), "set-user-ID"],
  ["a way up", odd("node_modules/../../etc/passwd"), "is no plain path"],
  ["a way up in a long name", odd(`${"../".repeat(40)}etc/passwd`), "is no plain path"],
  ["an absolute path", odd("/etc/passwd"), "is no plain path"],
  ["a dot", odd("node_modules/./a"), "is no plain path"],
  ["a newline", odd("node_modules/a\nb"), "is no plain path"],
  ["another folder", odd("python/a"), "does not lie in node_modules"],
  ["the folder itself", odd("node_modules"), "does not lie in node_modules"],
  ["no lock", Buffer.concat([header("node_modules/a", 0), end]), "does not begin with"],
  ["a lock that is none", Buffer.concat([lockEntryOf("[]"), end]), "lock cannot be read"],
  ["a second lock", Buffer.concat([lockEntryOf(), lockEntryOf(), end]), "is in it twice"],
  ["no file", Buffer.concat([lockEntryOf(), end]), "holds no file"],
  ["nothing", Buffer.alloc(0), "is cut off"],
  ["half a file", good.subarray(0, -1200), "is cut off"],
  ["no end", good.subarray(0, -1024), "is cut off"],
  ["no archive", Buffer.alloc(2048, "x"), "is no archive"],
])("refused: %s", (_, bytes, why) => {
  expect(whyOf(bytes)).toContain(why);
});

test("the same file twice is refused", () => {
  const twice = Buffer.concat([
    lockEntryOf(),
    padded("node_modules/a", "1"),
    padded("node_modules/a", "2"),
    end,
  ]);
  expect(whyOf(twice)).toContain("is in it twice");
});

/** Made while it is read, as nobody has that much memory. */
function endless(entry: (index: number) => Buffer) {
  const start = readerOf(lockEntryOf());
  let index = 0;
  let left: Buffer = Buffer.alloc(0);
  return {
    read: (bytes: number): Buffer => {
      const first = start(bytes);
      if (first.length > 0) return first;
      if (left.length === 0) left = entry(index++);
      const piece = left.subarray(0, bytes);
      left = left.subarray(bytes);
      return piece;
    },
    seen: () => index,
  };
}

const nothing = { begin: () => undefined, write: () => undefined, end: () => undefined };

test("a million files end at the bound, and so do bytes without end", () => {
  const files = endless((index) => header(`node_modules/${index}`, 0));
  expect(takeArchive(files.read, "node", nothing)).toEqual({
    ok: false,
    why: "more than 20000 files",
  });
  expect(files.seen()).toBeLessThan(20_010);
  const huge = endless(() => header("node_modules/huge", 2 ** 32));
  expect(takeArchive(huge.read, "node", nothing)).toMatchObject({
    why: expect.stringContaining("bytes") as string,
  });
  expect(huge.seen()).toBe(1);
});
