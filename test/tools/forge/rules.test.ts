/** Names, results, imports and constructs: the pure judgements, each with what must pass beside what must not. */
import { describe, expect, it } from "vitest";
import { nodeImports, resolve } from "../../../src/tools/forge/dependencies.ts";
import { nameTrouble, samePurpose } from "../../../src/tools/forge/names.ts";
import { isSame } from "../../../src/tools/forge/same.ts";
import { forbiddenIn } from "../../../src/tools/forge/static.ts";

describe("names", () => {
  it.each(["fib", "count_words", "a1", "x".repeat(48)])("%s is one", (name) => {
    expect(nameTrouble(name, [])).toBeNull();
  });
  const odd = ["", "Fib", "count-words", "1a", "_a", "fíb", "а", "a.b", "../a", "x".repeat(49)];
  it.each([...odd, "constructor"])("%s is none", (name) => {
    expect(nameTrouble(name, [])).toContain("small letters");
  });
  it("that could be taken for each other are not there together", () => {
    expect(nameTrouble("countwords", ["count_words"])).toContain("forged.count_words");
    expect(nameTrouble("count_words", ["count_words"])).toBeNull();
    expect(nameTrouble("count_word", ["count_words"])).toBeNull();
  });
  it("with the same purpose are told", () => {
    const there = [{ name: "fib", purpose: "The n-th Fibonacci number." }];
    const purpose = "the N th  fibonacci number";
    expect(samePurpose({ name: "fibo", purpose }, there)).toBe("fib");
    expect(samePurpose({ name: "fib", purpose }, there)).toBeNull();
    expect(samePurpose({ name: "fibo", purpose: "the n-th prime" }, there)).toBeNull();
  });
});

it("results are the same, or they are not", () => {
  const same: [unknown, unknown][] = [
    [0.1 + 0.2, 0.3],
    [
      { a: [1, "x"], b: null },
      { b: null, a: [1, "x"] },
    ],
  ];
  for (const [one, other] of same) expect(isSame(one, other)).toBe(true);
  const different: [unknown, unknown][] = [
    [1, 2],
    [2 ** 40, 2 ** 40 + 1],
    [0.3, 0.3001],
    ["1", 1],
    [[1], { 0: 1 }],
    [[1, 2], [1]],
    [{ a: 1 }, { b: 1 }],
    [{ toString: 1 }, {}],
    [null, {}],
  ];
  for (const [one, other] of different) expect(isSame(one, other)).toBe(false);
});

describe("constructs", () => {
  const forbidden = {
    python: [
      "import socket",
      "from urllib.request import urlopen",
      "import json, subprocess",
      "import os\nos.system('id')",
      "eval('1')",
      "x = __import__('os')",
      "import ctypes",
      "open('/etc/passwd')",
      "import os\nprint(os.environ)",
      `code = "${"QUJD".repeat(60)}"`,
      `x = 1 #${" ".repeat(600)}`,
      "x = '\u202e'",
    ],
    node: [
      'import net from "node:net"',
      'const { exec } = require("child_process")',
      "await fetch('x')",
      "new Function('return 1')()",
      "eval('1')",
      'const m = "fs"; require(m)',
      "console.log(process.env)",
      "process['env']",
      "readFileSync('/proc/self/environ')",
    ],
    shell: [
      "curl x",
      "echo x >/dev/tcp/1.2.3.4/80",
      'eval "$x"',
      "echo aWQ= | base64 -d | sh",
      "setsid sleep 100 &",
      "env",
      "cat /etc/passwd",
    ],
  } as const;
  const allowed = {
    python: [
      "import json, sys, re, math, urllib.parse\nprint(json.dumps(re.compile('a').pattern))",
      "import os.path\nname = 'evaluate(1)'\nexecuted(2)",
    ],
    node: [
      'import fs from "node:fs";\nconst all = JSON.parse(fs.readFileSync(0, "utf8"));\nprocess.stdout.write("1")',
      "const retrieval = x.eval(1); prefetch(2)",
    ],
    shell: ["read -r line\nprintf '%s\\n' \"$((line + 1))\"", "sed s/a/b/ | environment"],
  } as const;
  for (const language of ["python", "node", "shell"] as const) {
    it.each(forbidden[language])(`${language}: %j is stopped`, (code) => {
      expect(forbiddenIn(language, code)).not.toEqual([]);
    });
    it.each(allowed[language])(`${language}: %j passes`, (code) => {
      expect(forbiddenIn(language, code)).toEqual([]);
    });
  }
  it("are told with their line", () => {
    expect(forbiddenIn("python", "x = 1\nimport socket\n")).toEqual([
      "line 2: it must not use the network",
    ]);
  });
  it("are characters that people do not see, too, as in skills and proposals", () => {
    expect(forbiddenIn("shell", "read -r line\r\nprintf '%s' \u{e0041}x\n")).toEqual([
      "line 2: it must not use a character that nobody sees (U+E0041)",
    ]);
    expect(forbiddenIn("python", "x = 1 # y\rx = 2\n")).not.toEqual([]);
  });
});

describe("dependencies", () => {
  const layer = "a".repeat(64);
  const numpy = {
    ...{ package: "numpy==2.1.0", language: "python" as const, integrity: null, layer },
    provides: ["numpy"],
  } as const;
  const allowed = [numpy];
  it("are layers of listed packages", () => {
    expect(resolve("python", [], [], [])).toEqual({ ok: true, packages: [] });
    expect(resolve("python", ["numpy==2.1.0"], ["numpy"], allowed)).toEqual({
      ok: true,
      packages: [numpy],
    });
  });
  it.each([
    ["not listed", ["numpy==2.1.0"], [], []],
    ["another version", ["numpy==2.2.0"], ["numpy"], allowed],
    ["not pinned", ["numpy"], ["numpy"], allowed],
    ["an option", ["--index-url=x==1"], [], allowed],
    ["a URL", ["https://x/y.whl"], [], allowed],
    ["not declared", [], ["numpy"], allowed],
  ])("%s are refused", (_, declared, imported, packages) => {
    expect(resolve("python", declared, imported, packages)).toMatchObject({ ok: false });
  });
  it("of a shell are none", () => {
    expect(resolve("shell", ["numpy==2.1.0"], [], allowed)).toMatchObject({ ok: false });
  });
  it("of Node are read from the code", () => {
    const code = `import a from "node:fs"; import b from 'path'; import "@x/y/z"; const c = require("left-pad/lib");`;
    expect(nodeImports(code)).toEqual(["@x/y", "left-pad"]);
  });
});
