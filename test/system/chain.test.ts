import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { canonical, type Json, readLink } from "../../src/system/chain/line.ts";
import {
  type Chain,
  type ChainHead,
  chainFiles,
  lastRecords,
  openChain,
  verifyChain,
} from "../../src/system/chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { Crash, MemoryDisk } from "../spool/support/memory-disk.ts";

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), "con-chain-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "history.jsonl");
}

function filled(path: string, count = 5): ChainHead {
  const chain = openChain(nodeDisk, path, 0o640);
  for (let n = 1; n <= count; n += 1) chain.append([{ kind: "tick", n }]);
  chain.close();
  return chain.head();
}

const verify = (path: string, expect: ChainHead | null = null) =>
  verifyChain(nodeDisk, chainFiles(nodeDisk, path), expect);

const linesOf = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const writeLines = (path: string, lines: readonly string[]): void =>
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));

describe("canonical JSON", () => {
  test("sorts keys at every depth and leaves out what is undefined", () => {
    const value = { b: [{ y: 1, x: "é\n" }], a: undefined, "": -0, aa: 1e21 };
    expect(canonical(value)).toBe('{"":0,"aa":1e+21,"b":[{"x":"é\\n","y":1}]}');
  });

  test("refuses numbers that JSON does not have", () => {
    expect(() => canonical({ n: Number.NaN })).toThrow(TypeError);
  });

  test("reads back as the same value, whatever it is", () => {
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonical(value as Json))).toEqual(plain(value));
      }),
    );
  });
});

describe("a chain", () => {
  test("goes on where it ended, in lines of their own", () => {
    const path = place();
    filled(path, 2);
    filled(path, 1);
    expect(linesOf(path).map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3]);
    expect(verify(path)).toMatchObject({ ok: true, head: { seq: 3 }, torn: false });
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("binds every field, also ones that nobody has thought of", () => {
    const path = place();
    filled(path, 1);
    for (const key of Object.keys(JSON.parse(linesOf(path)[0] ?? ""))) {
      const edited = { ...JSON.parse(linesOf(path)[0] ?? ""), [key]: "other" };
      expect(readLink(Buffer.from(canonical(edited)))).toBeNull();
    }
  });

  test("refuses a record that brings its own place in the chain", () => {
    const chain = openChain(nodeDisk, place(), 0o640);
    for (const key of ["seq", "prev", "hash"])
      expect(() => chain.append([{ [key]: 1 }])).toThrow(TypeError);
  });

  const edits: [string, (lines: string[]) => string[], number, RegExp][] = [
    ["an edited line", (l) => l.with(2, (l[2] ?? "").replace('"n":3', '"n":4')), 3, /edited/],
    ["an edited last line", (l) => l.with(4, (l[4] ?? "").replace('"n":5', '"n":6')), 5, /edited/],
    ["a removed line", (l) => l.toSpliced(2, 1), 3, /3 to 3 are missing/],
    ["removed first lines", (l) => l.slice(2), 1, /1 to 2 are missing/],
    ["swapped lines", (l) => [l[0], l[2], l[1], l[3], l[4]] as string[], 2, /missing/],
    ["a repeated line", (l) => [...l.slice(0, 2), l[1] ?? "", ...l.slice(2)], 3, /stands after/],
    ["an added line", (l) => l.toSpliced(2, 0, '{"kind":"tick"}'), 3, /edited/],
    ["a blank line", (l) => l.toSpliced(1, 0, ""), 2, /edited/],
    ["other spelling", (l) => l.with(1, (l[1] ?? "").replace("{", "{ ")), 2, /edited/],
    ["a key twice", (l) => l.with(1, (l[1] ?? "").replace("{", '{"n":9,')), 2, /edited/],
  ];
  test.each(edits)("shows %s", (_, edit, line, why) => {
    const path = place();
    filled(path);
    writeLines(path, edit(linesOf(path)));
    expect(verify(path)).toMatchObject({ ok: false, line, why: expect.stringMatching(why) });
  });

  test("shows bytes that read as the same character", () => {
    const path = place();
    const chain = openChain(nodeDisk, path, 0o640);
    chain.append([{ text: "\ufffd" }]);
    chain.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf("\ufffd");
    writeFileSync(
      path,
      Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([0xf0, 0x9f, 0x98]),
        bytes.subarray(at + 3),
      ]),
    );
    expect(verify(path)).toMatchObject({ ok: false, line: 1 });
  });

  test("shows a line that was replaced by a whole one with its own right hash", () => {
    const path = place();
    filled(path);
    const forged = place();
    const chain = openChain(nodeDisk, forged, 0o640, {
      expect: { seq: 2, hash: JSON.parse(linesOf(path)[1] ?? "").hash },
    });
    chain.append([{ kind: "forged" }]);
    chain.close();
    // The first is the note of the gap, which a forger would leave out.
    const line = linesOf(forged)[0] ?? "";
    writeLines(path, linesOf(path).with(2, line));
    expect(verify(path)).toMatchObject({
      ok: false,
      line: 4,
      why: expect.stringMatching(/before/),
    });
  });
});

describe("the end of a chain", () => {
  test("that was cut off is missed by who remembers it, and by nobody else", () => {
    const path = place();
    const head = filled(path);
    expect(verify(path, head)).toMatchObject({ ok: true });
    writeLines(path, linesOf(path).slice(0, 3));
    expect(verify(path)).toMatchObject({ ok: true });
    expect(verify(path, head)).toMatchObject({ ok: false, why: "records 4 to 5 are cut off" });
  });

  test("that was written anew is not the remembered one", () => {
    const path = place();
    const head = filled(path);
    writeLines(path, linesOf(path).slice(0, 4));
    filled(path, 3);
    expect(verify(path, head)).toMatchObject({ ok: false, why: expect.stringMatching(/record 5/) });
  });

  test.each([3, 0])("that was cut to %i lines leaves a gap that stays to be seen", (left) => {
    const path = place();
    const head = filled(path);
    writeLines(path, linesOf(path).slice(0, left));
    const chain = openChain(nodeDisk, path, 0o640, { expect: head });
    const after = chain.append([{ kind: "tick" }]);
    chain.close();
    expect(JSON.parse(linesOf(path)[left] ?? "")).toMatchObject({
      kind: "chain-gap",
      from: left + 1,
      to: 5,
      seq: 6,
    });
    const why = `records ${left + 1} to 5 are missing`;
    expect(verify(path, after)).toMatchObject({ ok: false, line: left + 1, why });
  });

  test("that a crash tore is kept, noted and passes", () => {
    const path = place();
    filled(path);
    const size = statSync(path).size;
    truncateSync(path, size - 40);
    expect(verify(path)).toMatchObject({ ok: true, torn: true, head: { seq: 4 } });
    filled(path, 1);
    expect(JSON.parse(linesOf(path)[5] ?? "")).toMatchObject({ kind: "chain-torn", seq: 5 });
    expect(verify(path)).toMatchObject({ ok: true, torn: false, head: { seq: 6 } });
    writeLines(path, linesOf(path).with(4, `${linesOf(path)[4]}x`));
    expect(verify(path)).toMatchObject({ ok: false, line: 5 });
  });

  test("that lacks only its newline is a line", () => {
    const path = place();
    filled(path);
    truncateSync(path, statSync(path).size - 1);
    filled(path, 1);
    expect(verify(path)).toMatchObject({ ok: true, head: { seq: 6 } });
  });

  test("that is one endless line stops nothing and stays to be seen", () => {
    const path = place();
    filled(path);
    appendFileSync(path, "\0".repeat(3 << 20));
    const head = JSON.parse(linesOf(path)[4] ?? "");
    const chain = openChain(nodeDisk, path, 0o640, { expect: { seq: 5, hash: head.hash } });
    chain.append([{ kind: "tick" }]);
    chain.close();
    expect(verify(path)).toMatchObject({ ok: false, line: 6 });
    expect(lastRecords(nodeDisk, [path], 1)).toMatchObject([{ record: { kind: "tick" } }]);
  });

  test("is found without reading the rest", () => {
    const path = place();
    writeFileSync(path, "x".repeat(8 << 20));
    appendFileSync(path, "\n");
    const begun = place();
    filled(begun, 400);
    appendFileSync(path, readFileSync(begun));
    let read = 0;
    const disk = {
      ...nodeDisk,
      read: (...call: Parameters<typeof nodeDisk.read>) => {
        const count = nodeDisk.read(...call);
        read += count;
        return count;
      },
    };
    expect(openChain(disk, path, 0o640).head().seq).toBe(400);
    expect(read).toBeLessThan(200_000);
  });
});

describe("a chain that grows", () => {
  const options = { rotateBytes: 1000 };
  const grow = (path: string, count: number): ChainHead => {
    const chain = openChain(nodeDisk, path, 0o640, options);
    for (let n = 0; n < count; n += 1) chain.append([{ kind: "tick", n }]);
    chain.close();
    return chain.head();
  };

  test("goes on in a new file, and stays one chain", () => {
    const path = place();
    const head = grow(path, 30);
    const files = chainFiles(nodeDisk, path);
    expect(files.length).toBeGreaterThan(3);
    expect(files.at(-1)).toBe(path);
    expect(verify(path, head)).toMatchObject({ ok: true, head });
    expect(lastRecords(nodeDisk, files, 20).map((link) => link?.seq)).toEqual(
      Array.from({ length: 20 }, (_, index) => 11 + index),
    );
  });

  test("misses a whole file", () => {
    const path = place();
    grow(path, 30);
    rmSync(chainFiles(nodeDisk, path)[1] ?? "");
    expect(verify(path)).toMatchObject({
      ok: false,
      line: 1,
      why: expect.stringMatching(/missing/),
    });
  });

  test("goes on after a crash between the renaming and the new file", () => {
    const path = place();
    const head = grow(path, 30);
    rmSync(path);
    const last = chainFiles(nodeDisk, path).at(-1) ?? "";
    expect(existsSync(last)).toBe(true);
    const chain = openChain(nodeDisk, path, 0o640, options);
    expect(chain.head().seq).toBeGreaterThan(20);
    expect(chain.head().seq).toBeLessThanOrEqual(head.seq);
    chain.append([{ kind: "tick" }]);
    chain.close();
    expect(verify(path)).toMatchObject({ ok: true });
  });
});

describe("a crash at any call", () => {
  const path = "/logs/history.jsonl";

  /** Appends until it dies; what was confirmed is returned. */
  function drive(disk: MemoryDisk): number[] {
    const confirmed: number[] = [];
    let chain: Chain | null = null;
    try {
      chain = openChain(disk.disk(), path, 0o640, { rotateBytes: 700 });
      for (let n = 1; n <= 6; n += 1) {
        chain.append([{ n: n * 10 }, { n: n * 10 + 1 }]);
        confirmed.push(n * 10, n * 10 + 1);
      }
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    return confirmed;
  }

  const whole = new MemoryDisk(["/logs"]);
  drive(whole);
  const cases = [true, false].flatMap((powerCut) =>
    Array.from({ length: whole.calls }, (_, index): [boolean, number] => [powerCut, index + 1]),
  );

  test.each(cases)("power cut %s, call %i: nothing confirmed is lost", (powerCut, call) => {
    const disk = new MemoryDisk(["/logs"]);
    disk.crashAt = call;
    const confirmed = drive(disk);
    disk.reboot(powerCut);
    const chain = openChain(disk.disk(), path, 0o640, { rotateBytes: 700 });
    chain.append([{ n: 1000 }]);
    const files = chainFiles(disk.disk(), path);
    expect(verifyChain(disk.disk(), files, chain.head())).toMatchObject({ ok: true });
    const kept = lastRecords(disk.disk(), files, 100).flatMap((link) => link?.record["n"] ?? []);
    expect(kept.filter((n) => confirmed.includes(Number(n)))).toEqual(confirmed);
  });

  test("a full disk is an error, and what comes after is whole", () => {
    for (let call = 1; call <= whole.calls; call += 1) {
      const disk = new MemoryDisk(["/logs"]);
      const chain = openChain(disk.disk(), path, 0o640);
      chain.append([{ n: 1 }]);
      disk.fullFrom = disk.calls + call;
      let refused = 0;
      for (let n = 2; n <= 4; n += 1) {
        try {
          chain.append([{ n, text: "x".repeat(100) }]);
        } catch (error) {
          expect(error).toMatchObject({ code: "ENOSPC" });
          refused += 1;
        }
      }
      disk.fullFrom = Number.POSITIVE_INFINITY;
      chain.append([{ n: 9 }]);
      expect(refused).toBeLessThanOrEqual(3);
      expect(verifyChain(disk.disk(), [path], chain.head())).toMatchObject({ ok: true });
    }
  });
});
