/** What `make bench` keeps, and what it writes of that. */
import fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Kept, pageOf, readResults, writePage, writeResults } from "../../bench/kept.ts";
import { plot } from "../../bench/plot.ts";
import type { Curve } from "../../bench/suite.ts";
import { quickDirectory } from "../support/quick-directory.ts";

const curve: Curve = {
  ...{ name: "things", title: "What <things> cost", x: "things", y: "seconds" },
  lines: [
    {
      name: "all & one",
      points: [
        [1, 0.5],
        [100, 20],
      ],
    },
    {
      name: "none",
      points: [
        [1, 0.5],
        [100, 20],
      ],
    },
  ],
};

const kept = (figure: string): Kept => ({
  ...{ date: "2030-01-02", commit: "abc", machine: "2 × chip", load: [0.1, 0.2], seconds: 3 },
  ...{ about: "Of a test.", curves: [curve] },
  rows: [{ figure, measured: "1 ms", ratio: "", target: "" }],
});

const page = "Before.\n<!-- begin bench -->\nold\n<!-- end bench -->\nAfter.\n";

function place(): string {
  const directory = fs.mkdtempSync(join(quickDirectory(), "con-bench-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

test("a page has all suites that are kept, in their order, and people's words around them", () => {
  const results = { second: kept("b"), first: kept("a"), gone: kept("c") };
  const written = pageOf(page, results, ["first", "second", "third"]);
  expect(written).toMatch(
    /^Before\.\n[\s\S]*### first\n[\s\S]*\| a [\s\S]*### second\n[\s\S]*\| b [\s\S]*\nAfter\.\n$/,
  );
  expect(written).not.toContain("old");
  expect(written).not.toContain("gone");
  expect(written).toContain("2030-01-02, commit abc, load 0.1 → 0.2, 3 s; 2 × chip");
  expect(pageOf(written, results, ["first", "second", "third"])).toBe(written);
  expect(() => pageOf("no marks", results, [])).toThrow("has no <!-- begin bench -->");
});

test("one suite that is measured again leaves the others as they were", () => {
  const path = join(place(), "latest.json");
  expect(readResults(path)).toEqual({});
  writeResults(path, { one: kept("a"), two: kept("b") });
  writeResults(path, { ...readResults(path), two: kept("c") });
  expect(readResults(path)).toEqual({ one: kept("a"), two: kept("c") });
  fs.writeFileSync(path, '{"rows": []}');
  expect(() => readResults(path)).toThrow("has no suites");
});

test("the page and a plot for each curve are files", () => {
  const docs = place();
  fs.writeFileSync(join(docs, "performance.md"), page);
  writePage(docs, { one: kept("a") }, ["one"]);
  expect(fs.readdirSync(docs)).toEqual(["performance-things.svg", "performance.md"]);
  expect(fs.readFileSync(join(docs, "performance.md"), "utf8")).toContain(
    "(performance-things.svg)",
  );
});

test("a plot says its figures in words, escapes names, and keeps names apart", () => {
  const svg = plot(curve);
  expect(svg).toContain("What &lt;things&gt; cost</title>");
  expect(svg).toContain("all &amp; one (things: seconds): 1: 0.5, 100: 20");
  expect(svg).toContain("prefers-color-scheme:dark");
  const names = [...svg.matchAll(/<text class="f\d" x="[\d.]+" y="([\d.]+)"/g)];
  const [first = 0, second = 0] = names.map(([, y]) => Number(y));
  expect(second - first).toBeGreaterThanOrEqual(16);
  // From 1 to 100 things, and from 0.1 to 100 seconds: a third of the height is 1, two thirds are 10.
  expect(svg).toContain('points="70,291.6 530,123.4"');
});

test("nothing is drawn of what a logarithmic axis has no place for", () => {
  for (const value of [0, -1, Number.NaN])
    expect(() => plot({ ...curve, lines: [{ name: "x", points: [[1, value]] }] })).toThrow(
      "not above 0",
    );
  expect(() => plot({ ...curve, lines: [] })).toThrow("not above 0");
});
