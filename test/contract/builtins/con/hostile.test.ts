/** What one agent plants must not stop the evaluator, hide what is another's, or get into a command. */
import fs from "node:fs";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Place, walkTree } from "../../../../src/contract/builtins/con/tree.ts";
import { inCommand, judge, named } from "../../../../src/contract/builtins/con/verdicts.ts";
import { exec } from "../../../../src/system/exec.ts";
import { Bed, minutes, said } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
  bed.places = { ...bed.places, exec };
});
afterEach(() => bed.remove());

const key = `AKIA${"ABCDEFGH12345678"}`;
const found = (verdict: object): string => (verdict as { found: string }).found;

/** How often others had a turn while `work` ran. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const counting = (async () => {
    while (!done) {
      await turn();
      turns += 1;
    }
  })();
  await work();
  done = true;
  await counting;
  return turns;
}

function sparse(agent: string, count: number, below = "workspace"): void {
  for (let n = 0; n < count; n += 1) {
    const file = bed.write(bed.agent(agent, below, `${String(n).padStart(5, "0")}.txt`), "");
    fs.truncateSync(file, 1 << 20);
  }
}

describe("no_secrets", () => {
  const ask = () => bed.ask("no_secrets", { paths: [`${bed.root}/agents/*/workspace`] });

  test("reads so much at a time, lets others have turns, and goes on the next time", async () => {
    sparse("ada", 100, "workspace/a");
    sparse("ada", 100, "workspace/b/c");
    bed.write(bed.agent("ada", "workspace/b/d/last.txt"), key);
    let first: object = {};
    const turns = await turnsDuring(async () => {
      first = await ask();
    });
    expect(turns).toBeGreaterThan(10);
    expect(first).toMatchObject({ state: "pass", found: expect.stringContaining("next time") });
    let asked = 1;
    for (let verdict = first; !("agents" in verdict) && asked < 10; asked += 1)
      verdict = await ask();
    // 64 MiB in each.
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(10);
    expect(await ask()).toMatchObject({ state: "fail", agents: ["ada"] });
  });

  test("a flood of one agent keeps nobody from finding another's key at once", async () => {
    sparse("ada", 200);
    bed.write(bed.agent("bob", "workspace/notes.md"), key);
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", agents: ["bob"] });
    for (let n = 0; n < 5; n += 1) expect(await ask()).toMatchObject({ agents: ["bob"] });
  });

  test("what was found before the end of a pass stays found, until it is gone", async () => {
    const file = bed.write(bed.agent("ada", "workspace/00000.md"), key);
    sparse("ada", 150);
    for (let n = 0; n < 5; n += 1) expect(await ask()).toMatchObject({ state: "fail" });
    fs.writeFileSync(file, "gone");
    for (let n = 0; n < 5; n += 1) expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("what cannot be looked at is that agent's trouble beside the others", async () => {
    fs.rmdirSync(bed.agent("ada", "workspace"));
    fs.symlinkSync("/etc", bed.agent("ada", "workspace"));
    bed.write(bed.agent("bob", "workspace/notes.md"), key);
    const paths = ["ada", "bob"].map((name) => bed.agent(name, "workspace"));
    const verdict = await bed.ask("no_secrets", { paths });
    expect(verdict).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    expect(found(verdict)).toContain("notes.md");
    expect(found(verdict)).toContain("not all was looked at");
  });

  test("whoever has more than can be read in a day is told of, until it is read", async () => {
    sparse("ada", 150);
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now += 25 * 60 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["ada"] });
    for (let n = 0; n < 3; n += 1) await ask();
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("ends soon when nobody waits any more, and forgets nothing", async () => {
    sparse("ada", 30);
    const stopped = await bed.ask(
      "no_secrets",
      { paths: [bed.agent("ada", "workspace")] },
      AbortSignal.abort(),
    );
    expect(found(stopped)).toContain("in 0 text files; the rest of 1 places");
  });

  test("of a memory of an earlier version nothing is believed", async () => {
    bed.write(bed.agent("bob", "workspace/notes.md"), key);
    bed.recall({
      paths: `${bed.root}/agents/*/workspace`,
      cleanBefore: 1e15,
      dirty: [],
      pass: null,
    });
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"] });
  });
});

describe("a walk", () => {
  const bounds = { depth: 9, entries: 1000, signal: new AbortController().signal };

  function visitor(seen: string[], most: number) {
    const end = seen.length + most;
    return {
      enter: () => true,
      mayGoOn: () => seen.length < end,
      visit: (one: { readonly path: string }) => seen.push(one.path) % 3 === 0,
      refused: (name: string) => void seen.push(`refused ${name}`),
    };
  }

  test("in parts sees what a walk in one go sees, in the same order", async () => {
    const names = fc.array(fc.constantFrom("a", "a.b", "b", "a-"), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(names, { maxLength: 25 }),
        fc.nat({ max: 3 }),
        async (all, more) => {
          const root = fs.mkdtempSync(path.join(bed.directory, "walk-"));
          for (const parts of all) {
            const directory = path.join(root, ...parts.slice(0, -1).map((name) => `${name}.d`));
            fs.mkdirSync(directory, { recursive: true });
            fs.writeFileSync(path.join(directory, parts.at(-1) ?? ""), "");
          }
          const whole: string[] = [];
          expect(await walkTree(root, bounds, visitor(whole, 1000))).toEqual({ end: "whole" });
          const parts: string[] = [];
          let from: Place | null = null;
          for (let n = 0; n < 100; n += 1) {
            const walked = await walkTree(root, bounds, visitor(parts, more + 1), from);
            if (walked.end !== "stopped") break;
            from = JSON.parse(JSON.stringify(walked.at)) as Place;
          }
          expect(parts).toEqual(whole);
          expect(new Set(whole).size).toBe(new Set(all.map((one) => one.join("/"))).size);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("over too much is told, in one directory and in many, in one go and in parts", async () => {
    for (let n = 0; n < 30; n += 1) bed.write(bed.agent("ada", `workspace/${n % 5}/${n}`), "");
    const root = bed.agent("ada", "workspace");
    const few = { ...bounds, entries: 20 };
    expect(await walkTree(root, few, visitor([], 1000))).toEqual({ end: "too many" });
    const flat = { ...bounds, entries: 4 };
    expect(await walkTree(root, flat, visitor([], 1000))).toEqual({ end: "too many" });
    let from: Place | null = null;
    let end = "";
    for (let n = 0; n < 20 && end !== "too many"; n += 1) {
      const walked = await walkTree(root, few, visitor([], 3), from);
      end = walked.end;
      from = walked.end === "stopped" ? walked.at : null;
    }
    expect(end).toBe("too many");
  });
});

describe("git_remotes", () => {
  const ask = () => bed.ask("git_remotes", { allow: ["github.com"] });
  const repository = (agent: string, name: string, url: string) =>
    bed.write(bed.agent(agent, "workspace", name, ".git/config"), `[remote "o"]\n\turl = ${url}\n`);

  test("many repositories of one agent hide none of another, and others have turns", async () => {
    for (let n = 0; n < 250; n += 1) repository("ada", `r${n}`, "https://github.com/x/y");
    repository("bob", "r", "https://evil.com/x");
    let verdict: object = {};
    expect(
      await turnsDuring(async () => {
        verdict = await ask();
      }),
    ).toBeGreaterThan(100);
    expect(verdict).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    expect(found(verdict)).toContain("more than 200 repositories");
  });

  test("where one tree cannot be looked through, the others are", async () => {
    repository("bob", "r", "https://evil.com/x");
    bed.places = {
      ...bed.places,
      exec: async (argv, options) => {
        const slow = argv.some((one) => one.includes("/ada/"));
        return slow ? { ...said("", 137), timedOut: true } : exec(argv, options);
      },
    };
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    expect(found(verdict)).toContain("ada: its workspace is not looked through");
  });
});

describe("names that agents choose", () => {
  const evil = "x; touch pwned;#$(id)`id`&|\n'\".txt";

  test("get into no remedy, and into what is found only escaped", async () => {
    bed.write("var/lib/con/uids.json", JSON.stringify({ version: 1, uids: {} }));
    bed.write(bed.agent("bob", "workspace", evil), key);
    const repository = bed.agent("bob", "workspace", `${evil}d`, ".git/config");
    bed.write(repository, "[include]\npath = x\n");
    fs.chmodSync(bed.agent("bob", "workspace", evil), 0o4755);
    bed.write(bed.agent("bob", "outbox", `${evil}.response`), "");
    bed.write(bed.agent("bob", "queue/corrupt", `${evil}.task`), "");
    bed.write(bed.agent("bob", "queue/failed", `${evil}.task`), "");
    const record = { status: "failed", attempts: 5, error: "5 attempts ended without a result" };
    bed.write(bed.agent("bob", "outbox", `${evil}.json`), JSON.stringify(record));
    bed.write(bed.agent("bob", "outbox", `${evil}2.response`), "");
    bed.now += 2 * minutes;
    for (const [name, args] of [
      ["no_secrets", { paths: [bed.agent("bob", "workspace")] }],
      ["git_remotes", { allow: [] }],
      ["privilege_free", {}],
      ["outbox_complete", {}],
      ["poison_waiting", {}],
    ] as const) {
      bed.forget();
      const verdict = await bed.ask(name, args);
      expect(verdict, name).toMatchObject({ state: "fail" });
      const { remedy } = verdict as { remedy: string };
      expect(remedy, name).not.toMatch(/pwned|touch|\\x/);
      expect(found(verdict), name).toContain("x\\x3b\\x20touch");
      expect(found(verdict), name).not.toMatch(/touch pwned|[`$\n"&|]/);
    }
  });

  test("are plain or escaped, and never equal for different names", () => {
    expect(named("a/b_c.d@e+f-1")).toBe("a/b_c.d@e+f-1");
    expect(named("a b;\u202e\u{1f600}é")).toBe("a\\x20b\\x3b\\u{202e}\\u{1f600}\\xe9");
    const long = "x".repeat(300);
    expect(named(`${long}a${long}`)).not.toBe(named(`${long}b${long}`));
    expect(named(long).length).toBeLessThan(130);
    expect(["a-bob", "/etc/x", "-rf", "a b", "a;b", ""].map((one) => inCommand(one, "?"))).toEqual([
      "a-bob",
      "/etc/x",
      "?",
      "?",
      "?",
      "?",
    ]);
  });
});

describe("a verdict", () => {
  const of = (agent: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      found: `${agent} ${n}`,
      key: `${agent}${n}`,
      agent,
    }));

  test("tells something of every agent", () => {
    const told = found(judge([...of("ada", 5000), ...of("bob", 1)], ""));
    expect(told).toContain("bob 0");
    expect(told).toContain("and 4991 more");
  });

  test("has another key for another trouble, however many there are", () => {
    const keyOf = (verdict: object) => (verdict as { key: string }).key;
    const decoys = of("ada", 5000);
    const one = keyOf(judge(decoys, ""));
    expect(one.length).toBeLessThanOrEqual(1000);
    expect(keyOf(judge([...decoys, ...of("zoe", 1)], ""))).not.toBe(one);
    expect(keyOf(judge([...decoys].reverse(), ""))).toBe(one);
  });
});
