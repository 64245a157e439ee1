/** Granted exactly when the real path lies below a granted directory; a denied call touches nothing. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { editFile } from "../../src/tools/edit-file.ts";
import { listFiles } from "../../src/tools/list-files.ts";
import type { FilePolicy } from "../../src/tools/policies.ts";
import { readFile } from "../../src/tools/read-file.ts";
import type { ToolResult } from "../../src/tools/result.ts";
import { searchFiles } from "../../src/tools/search-files.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { writeFile } from "../../src/tools/write-file.ts";
import { createWorld, executed, secret, type World } from "./support/world.ts";

/** Real processes on a machine that may be busy; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 60_000 });

let world: World;
let policy: FilePolicy;
const at = (name: string) => path.join(world.base, name);

beforeEach(() => {
  world = createWorld({ execute: async () => executed("") });
  const { workspace } = world;
  policy = {
    workspace,
    readable: [workspace, at("granted"), at("shared/in")],
    writable: [workspace, at("shared/in")],
    denied: [at("state"), at("granted/private"), "/proc", "/dev", "/sys", "/run"],
    ended: [{ use: "write", directory: at("shared/over"), at: 0 }],
  };
  for (const name of ["shared/in/deep", "shared/over", "shared/other", "granted/private"])
    fs.mkdirSync(at(name), { recursive: true });
  for (const name of ["shared/in/f", "shared/in/deep/f", "shared/over/f", "shared/other/f"])
    fs.writeFileSync(at(name), "content");
  fs.writeFileSync(at("granted/f"), "content");
  fs.writeFileSync(at("granted/private/f"), secret);
});
afterEach(() => world.remove());

const run = (tool: Tool, args: Record<string, unknown>): Promise<ToolResult> =>
  tool.run(args, { ...world.context, files: policy });

/** Names, kinds, sizes, contents, modes and times of everything. */
const picture = (): string =>
  execFileSync("find", [".", "-printf", "%p %y %s %m %i %T@ %C@ %n %l\n"], {
    cwd: world.base,
    encoding: "utf8",
  });

const writes = (target: string): Promise<ToolResult>[] => [
  run(writeFile, { path: target, content: "evil" }),
  run(writeFile, { path: target, content: "evil", append: true }),
  run(writeFile, { path: `${target}/new/deep/x`, content: "evil" }),
  run(editFile, { path: target, old_string: "content", new_string: "evil" }),
];
const reads = (target: string): Promise<ToolResult>[] => [
  run(readFile, { path: target }),
  run(listFiles, { path: target }),
  run(listFiles, { path: target, glob: "**" }),
  run(searchFiles, { pattern: "x", path: target }),
];

describe("a place that is not granted", () => {
  it("is not touched, by whatever name", async () => {
    fs.symlinkSync(at("shared/other"), at("workspace/link"));
    fs.symlinkSync("../shared/other/f", at("shared/in/file-link"));
    fs.symlinkSync("link", at("workspace/link-to-link"));
    fs.symlinkSync(at("state"), at("shared/in/state"));
    const targets = [
      at("shared/other/f"),
      at("shared/other/absent"),
      at("shared/in/../other/f"),
      "link/f",
      "link-to-link/f",
      at("shared/in/file-link"),
      at("shared/in/state/journal.jsonl"),
      at("state/journal.jsonl"),
      at("shared/in-but-not-quite/f"),
      at("granted/private/f"),
      "/proc/self/root/etc/passwd",
      `/proc/${process.pid}/environ`,
      "/dev/null",
      "/etc/hostname/x",
    ];
    const before = picture();
    for (const target of targets) {
      for (const result of await Promise.all([...writes(target), ...reads(target)])) {
        expect(result.ok, `${target}: ${result.text}`).toBe(false);
        // Not followed at the end of a path to be written, wherever it leads.
        if (result.text.includes("is a symbolic link")) continue;
        expect(result.denial?.code, `${target}: ${result.text}`).toMatch(
          /^(not_granted|bad_path)$/,
        );
        expect(result.text).not.toContain(secret);
      }
      expect(picture(), target).toBe(before);
    }
  });

  it("cannot be told from one that does not exist, and a link's target is not named", async () => {
    fs.symlinkSync(at("shared/other/f"), at("workspace/there"));
    fs.symlinkSync(at("shared/other/absent"), at("workspace/gone"));
    for (const [one, other] of [
      ["there", "gone"],
      [at("shared/other/f"), at("shared/other/g")],
      ["/etc/passwd", "/etc/absent"],
    ] as const) {
      const [first, second] = [
        await run(readFile, { path: one }),
        await run(readFile, { path: other }),
      ];
      const neutral = (text: string, name: string) =>
        text.replace(new RegExp(`/${path.basename(name)}\\b`), "/NAME");
      expect(neutral(first.text, one)).toBe(neutral(second.text, other));
      if (!one.startsWith("/")) expect(first.text).not.toContain("shared/other");
    }
  });

  it("says how to get it, or that it ended, or that nobody gets it", async () => {
    const other = await run(writeFile, { path: at("shared/other/f"), content: "x" });
    expect(other.denial).toMatchObject({
      code: "not_granted",
      asked: `write ${at("shared/other/f")}`,
    });
    expect(other.denial?.rule).toContain("can.write in /etc/con/agents.d/tester.yaml");
    expect(other.denial?.how).toContain("amend tester");
    const over = await run(writeFile, { path: at("shared/over/f"), content: "x" });
    expect(over.denial).toMatchObject({ code: "expired" });
    expect(over.denial?.rule).toContain("until 1970-01-01T00:00:00.000Z");
    const state = await run(readFile, { path: at("state/journal.jsonl") });
    expect(state.denial).toMatchObject({ code: "bad_path" });
    expect(state.denial?.how).not.toContain("amend");
  });

  it("is named in one line whatever the model wrote", async () => {
    const odd = `/x/\u001b[31m\n\u2028evil${"y".repeat(100)}`;
    const { text, denial } = await run(readFile, { path: odd });
    expect(text).not.toMatch(/[\u0000-\u001f\u2028]/);
    expect(denial?.asked).not.toMatch(/[\u0000-\u001f\u2028]/);
  });
});

describe("a write that cannot be", () => {
  it("leaves no folder, no empty file and no temporary name", async () => {
    const long = "n".repeat(300);
    spawnSync("mkfifo", [at("workspace/pipe")]);
    fs.mkdirSync(at("workspace/closed"), { mode: 0o755 });
    const before = picture();
    for (const target of [
      `new/folder/${long}`,
      `${long}/new`,
      "pipe",
      "pipe/new/x",
      ".",
      at("shared/in/f/below-a-file/x"),
      "nul\0byte",
    ])
      expect((await run(writeFile, { path: target, content: "x" })).ok, target).toBe(false);
    expect((await run(editFile, { path: "absent", old_string: "a", new_string: "b" })).ok).toBe(
      false,
    );
    expect((await run(editFile, { path: "a/b", old_string: "a", new_string: "b" })).ok).toBe(false);
    expect(picture()).toBe(before);
  });

  it("does not change the other name of a file", async () => {
    fs.linkSync(at("shared/other/f"), at("workspace/hard"));
    expect((await run(writeFile, { path: "hard", content: "mine" })).ok).toBe(true);
    expect((await run(editFile, { path: "hard", old_string: "mine", new_string: "new" })).ok).toBe(
      true,
    );
    expect(fs.readFileSync(at("shared/other/f"), "utf8")).toBe("content");
  });

  it("stays away where the granted directory itself was replaced by a link", async () => {
    fs.renameSync(at("shared/in"), at("shared/was"));
    fs.symlinkSync("other", at("shared/in"));
    const before = picture();
    for (const result of await Promise.all([
      ...writes(at("shared/in/f")),
      ...reads(at("shared/in/f")),
    ]))
      expect(result.ok, result.text).toBe(false);
    expect(picture()).toBe(before);
  });
});

it("stays inside while folders and files are swapped for links all the time", async () => {
  fs.mkdirSync(at("workspace/swap"));
  fs.writeFileSync(at("workspace/swap/f"), "mine");
  fs.writeFileSync(at("workspace/leaf"), "mine");
  const swapping = [
    `cd ${world.workspace}`,
    "while :; do mv swap real; ln -s ../shared/other swap; rm swap; mv real swap;",
    "ln -sf ../shared/other/f tmp; mv -T tmp leaf; echo mine > tmp; mv -T tmp leaf; done",
  ].join("\n");
  const before = fs.readdirSync(at("shared/other"));
  const child = spawn("/bin/bash", ["-c", swapping], { stdio: "ignore" });
  let inside = 0;
  try {
    for (let round = 0; round < 150; round += 1) {
      const results = await Promise.all([
        run(writeFile, { path: "swap/f", content: "mine" }),
        run(writeFile, { path: `swap/n/${round}`, content: "evil" }),
        run(writeFile, { path: "leaf", content: "mine", append: true }),
        run(editFile, { path: "swap/f", old_string: "content", new_string: "evil" }),
      ]);
      inside += results.filter(({ ok }) => ok).length;
      expect((await run(readFile, { path: "leaf" })).text).not.toContain("content");
    }
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
  }
  expect(inside).toBeGreaterThan(0);
  expect(fs.readFileSync(at("shared/other/f"), "utf8")).toBe("content");
  expect(fs.readdirSync(at("shared/other"))).toEqual(before);
});

it("is granted exactly when the real path lies below a granted directory", async () => {
  const names = ["in", "deep", "..", ".", "link0", "link1", "link2", "f"];
  const walk = fc.array(fc.constantFrom(...names), { maxLength: 3 });
  const tops = ["workspace", "shared", "granted", "shared/in", "shared/other", "state"];
  const start = fc.constantFrom(...tops);
  const link = fc.record({ from: start, to: walk, top: start });
  const round = fc.record({
    links: fc.array(link, { maxLength: 3 }),
    asked: fc.array(fc.record({ top: start, walk }), { minLength: 1, maxLength: 6 }),
  });
  let granted = 0;
  let denied = 0;
  await fc.assert(
    fc.asyncProperty(round, async ({ links, asked }) => {
      for (const [n, { from, to, top }] of links.entries()) {
        const place = at(`${from}/link${n}`);
        fs.rmSync(place, { force: true });
        const leads = path.relative(path.dirname(place), at(`${top}/${to.join("/")}`));
        fs.symlinkSync(leads || ".", place);
      }
      for (const { top, walk: parts } of asked) {
        const wanted = path.join(at(top), ...parts);
        const real = realOf(wanted);
        if (real === null) continue;
        const isFile = fs.statSync(real).isFile();
        const result = isFile
          ? await run(readFile, { path: wanted })
          : await run(listFiles, { path: wanted });
        const expected = isWithinAny(real, policy.readable) && !isWithinAny(real, policy.denied);
        // A link may lead in by a way that leaves the granted directories; that way is closed.
        if (expected && wayIsInside(wanted))
          expect(result.ok, `${wanted}: ${result.text}`).toBe(true);
        if (!expected) expect(result.denial, `${wanted} is ${real}: ${result.text}`).toBeDefined();
        if (result.ok) expect(expected, `${wanted} is ${real}`).toBe(true);
        if (expected) granted += 1;
        else denied += 1;
      }
      for (const [n, { from }] of links.entries())
        fs.rmSync(at(`${from}/link${n}`), { force: true });
    }),
    { numRuns: 150 },
  );
  // Both happened.
  expect(granted).toBeGreaterThan(0);
  expect(denied).toBeGreaterThan(0);
});

const isWithinAny = (real: string, directories: readonly string[]): boolean =>
  directories.some((directory) => real === directory || real.startsWith(`${directory}/`));

/** Null where nothing is. */
function realOf(wanted: string): string | null {
  try {
    return fs.realpathSync.native(wanted);
  } catch {
    return null;
  }
}

/** Whether each link on the way, as written, leads to a granted place. */
function wayIsInside(wanted: string): boolean {
  let target = wanted;
  for (let links = 0; links < 40; links += 1) {
    if (!isWithinAny(target, policy.readable)) return false;
    const parts = target.split("/").slice(1);
    const index = parts.findIndex((_, n) => isLink(`/${parts.slice(0, n + 1).join("/")}`));
    if (index < 0) return true;
    const place = `/${parts.slice(0, index + 1).join("/")}`;
    target = path.resolve(path.dirname(place), fs.readlinkSync(place), ...parts.slice(index + 1));
  }
  return false;
}

const isLink = (place: string): boolean =>
  fs.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
