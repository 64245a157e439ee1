import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bounded, matches } from "../../../../src/contract/builtins/generic/bounded.ts";
import { splitKey } from "../../../../src/contract/builtins/generic/keys.ts";
import { readText } from "../../../../src/contract/builtins/generic/look.ts";
import { createBuiltins } from "../../../../src/contract/builtins/index.ts";
import type { BuiltinArguments, Verdict } from "../../../../src/contract/types.ts";
import { probeWorld } from "../../support/contracts.ts";

const isRoot = process.getuid?.() === 0;
const environment = { CON_TEST: "v1.2", CON_EMPTY: "" };
const builtins = createBuiltins(environment, null);

let directory: string;
const at = (name: string): string => path.join(directory, name);
const put = (name: string, text: string): string => {
  fs.writeFileSync(at(name), text);
  return at(name);
};
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-generic-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

async function run(name: string, args: BuiltinArguments): Promise<Verdict> {
  const check = builtins.get(name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check(args, probeWorld());
}
const state = async (name: string, args: BuiltinArguments): Promise<string> =>
  (await run(name, args)).state;

describe("path_exists and path_not_exists", () => {
  it("look at the name and at what it is", async () => {
    const file = put("file", "");
    expect(await state("path_exists", { path: file })).toBe("pass");
    expect(await state("path_exists", { path: file, type: "file" })).toBe("pass");
    expect(await state("path_exists", { path: directory, type: "file" })).toBe("fail");
    expect(await run("path_exists", { path: at("none") })).toMatchObject({
      state: "fail",
      found: `${at("none")} does not exist`,
    });
    expect(await state("path_not_exists", { path: at("none") })).toBe("pass");
    expect(await state("path_not_exists", { path: `${file}/below` })).toBe("pass");
    expect(await state("path_not_exists", { path: file })).toBe("fail");
  });

  it("follow no link that somebody else could have put there", async () => {
    put("file", "");
    fs.symlinkSync(at("file"), at("link"));
    fs.mkdirSync(at("real"));
    fs.symlinkSync(at("real"), at("way"));
    expect(await state("path_exists", { path: at("link") })).toBe("error");
    expect(await state("path_exists", { path: at("way/x") })).toBe("error");
    expect(await state("path_not_exists", { path: at("way/x") })).toBe("error");
  });

  it.runIf(isRoot && fs.lstatSync("/etc/os-release").isSymbolicLink())(
    "follow links of root where only root writes",
    async () => {
      expect(await state("path_exists", { path: "/etc/os-release" })).toBe("pass");
    },
  );
});

describe("readText", () => {
  it("reads regular files only, and no more than 1 MiB", () => {
    expect(readText(put("ok", "x".repeat(1 << 20))).kind).toBe("there");
    expect(readText(put("long", "x".repeat((1 << 20) + 1))).kind).toBe("refused");
    expect(readText(directory).kind).toBe("refused");
    expect(readText("/dev/zero").kind).toBe("refused");
    expect(readText(at("none")).kind).toBe("missing");
  });
});

describe("regex_in_file and no_regex_in_file", () => {
  it("say whether a line matches, and never what it says", async () => {
    const file = put("file", "a = 1\npassword = hunter2\n");
    const both = { path: file, pattern: "^password" };
    expect(await state("regex_in_file", both)).toBe("pass");
    const found = await run("no_regex_in_file", both);
    expect(found.state).toBe("fail");
    expect(JSON.stringify(found)).not.toContain("hunter2");
    const neither = { path: file, pattern: "^secret$" };
    expect(await state("regex_in_file", neither)).toBe("fail");
    expect(await state("no_regex_in_file", neither)).toBe("pass");
  });

  it("count a missing file as failing, both", async () => {
    const none = { path: at("none"), pattern: "x" };
    expect(await state("regex_in_file", none)).toBe("fail");
    expect(await state("no_regex_in_file", none)).toBe("fail");
  });

  it("do not hang on a pattern that backtracks without end", async () => {
    const file = put("file", `${"a".repeat(60)}!`);
    for (const name of ["regex_in_file", "no_regex_in_file"])
      expect(await run(name, { path: file, pattern: "^(a+)+$" })).toEqual({
        state: "error",
        why: "the pattern ^(a+)+$ needs more than 200 ms",
      });
  });
});

describe("bounded", () => {
  it("interrupts work, gives values, and lets errors through", () => {
    const forever = (): never => {
      for (;;);
    };
    expect(bounded(20, forever)).toEqual({ kind: "timeout" });
    expect(bounded(60_000, () => 7)).toEqual({ kind: "done", value: 7 });
    expect(() => bounded(60_000, () => JSON.parse("{"))).toThrow(SyntaxError);
    expect(matches("(", "x").kind).toBe("error");
  });
});

const files = {
  yaml_key: "a: {b: [x, {c: 5}]}\nflag: true\nnone: null\n",
  json_key: '{"a": {"b": ["x", {"c": 5}]}, "flag": true, "none": null}',
  toml_key: 'flag = true\nnone = "null"\n[a]\nb = ["x", {c = 5}]\n',
};

describe.each(Object.entries(files))("%s", (name, text) => {
  const ask = (args: BuiltinArguments) => run(name, { path: put("file", text), ...args });
  const asked = async (args: BuiltinArguments) => (await ask(args)).state;

  it("finds keys in maps and lists", async () => {
    expect(await asked({ key: "a.b[1].c" })).toBe("pass");
    expect(await asked({ key: "a.b.1.c", equals: 5 })).toBe("pass");
    expect(await asked({ key: "a.b.2" })).toBe("fail");
    expect(await asked({ key: "flag", equals: true })).toBe("pass");
    expect(await asked({ key: "flag", equals: "true" })).toBe("fail");
    expect(await asked({ key: "nosuch", exists: false })).toBe("pass");
    expect(await asked({ key: "flag", exists: false })).toBe("fail");
    expect(await asked({ key: "a.b.0", matches: "^x$" })).toBe("pass");
    expect(await asked({ key: "a.b.0", matches: "^y$" })).toBe("fail");
    expect(await asked({ key: "a", matches: "object" })).toBe("fail");
  });

  it("finds nothing that a file does not hold", async () => {
    for (const key of ["constructor", "__proto__", "a.b.length.toString", "a.toString"])
      expect(await asked({ key, equals: "x" }), key).toBe("fail");
    expect(await asked({ key: "a..b" })).toBe("error");
  });

  it("says neither values nor text of the file", async () => {
    const told = await ask({ key: "a.b.0", equals: "wanted" });
    expect(told).toMatchObject({ found: expect.stringContaining('a string other than "wanted"') });
    const broken = await run(name, { path: put("bad", "{hunter2: [=\n"), key: "a" });
    expect(broken.state).toBe("error");
    expect(JSON.stringify(broken)).not.toContain("hunter2");
  });
});

describe("a YAML file made to hurt", () => {
  it("is an error in bounded time", async () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let n = 1; n < 12; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(",")}]`,
      );
    const bomb = put("bomb", lines.join("\n"));
    expect(await state("yaml_key", { path: bomb, key: "a0" })).toBe("error");
    const keys = Array.from({ length: 80_000 }, (_, n) => `k${n}: 1`).join("\n");
    expect(await state("yaml_key", { path: put("keys", keys), key: "k0" })).toBe("error");
  });
});

it("splitKey knows dots, numbers in brackets and names in quotes", () => {
  expect(splitKey('a.b[2]["c.d"].e')).toEqual(["a", "b", "2", "c.d", "e"]);
  expect(splitKey("[0].a")).toEqual(["0", "a"]);
  for (const odd of ["", ".a", "a.", "a[x]", "a[1", "a..b"]) expect(splitKey(odd), odd).toBeNull();
});

describe("env_var, no_env_var, command_available", () => {
  it("look at what is set, and never say it", async () => {
    expect(await state("env_var", { name: "CON_TEST" })).toBe("pass");
    expect(await state("env_var", { name: "CON_TEST", equals: "v1.2" })).toBe("pass");
    expect(await state("env_var", { name: "CON_TEST", matches: "^v1" })).toBe("pass");
    const other = await run("env_var", { name: "CON_TEST", equals: "v2" });
    expect(other.state).toBe("fail");
    expect(JSON.stringify(other)).not.toContain("v1.2");
    expect(await state("env_var", { name: "CON_EMPTY" })).toBe("fail");
    expect(await state("no_env_var", { name: "CON_TEST" })).toBe("fail");
    expect(await state("no_env_var", { name: "CON_NONE" })).toBe("pass");
  });

  it("find programs where checks find them", async () => {
    expect(await state("command_available", { name: "sh" })).toBe("pass");
    expect(await state("command_available", { name: "nosuch" })).toBe("fail");
    expect(await state("command_available", { name: put("plain", "") })).toBe("fail");
  });
});
