/** Whose words the file tools and commands bring, by what the kernel says of owners and modes. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { editFile } from "../../src/tools/edit-file.ts";
import { hasStrangers, showsStrangers } from "../../src/tools/files/strangers.ts";
import { listFiles } from "../../src/tools/list-files.ts";
import { readFile } from "../../src/tools/read-file.ts";
import { searchFiles } from "../../src/tools/search-files.ts";
import { shell } from "../../src/tools/shell.ts";
import type { Tool, ToolContext } from "../../src/tools/tool.ts";
import { fetchWebpage } from "../../src/tools/web/fetch-webpage.ts";
import { createWorld, executed, type World } from "./support/world.ts";

const me = process.getuid?.() ?? 0;
let world: World;
let granted: string;
beforeEach(() => {
  world = createWorld();
  granted = path.join(world.base, "granted");
  fs.chmodSync(granted, 0o755);
});
afterEach(() => world.remove());

const owned = (owners: readonly number[], change: Partial<ToolContext> = {}): ToolContext => ({
  ...world.context,
  files: { ...world.context.files, owners },
  ...change,
});
async function marked(tool: Tool, args: object, context: ToolContext): Promise<boolean> {
  const result = await tool.run({ ...args }, context);
  expect(result.ok).toBe(true);
  return result.untrusted === true;
}
function grantedFile(name: string, mode = 0o644): string {
  const file = path.join(granted, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, "words\n");
  fs.chmodSync(file, mode);
  return file;
}

describe("a file", () => {
  it("is our own where one of ours owns it and nobody else may write in it", async () => {
    const file = grantedFile("a");
    expect(await marked(readFile, { path: file }, owned([0, me]))).toBe(false);
    expect(await marked(readFile, { path: file }, owned([0, me + 1]))).toBe(me !== 0);
    expect(await marked(readFile, { path: file }, owned([]))).toBe(true);
    for (const mode of [0o664, 0o646])
      expect(await marked(readFile, { path: grantedFile("b", mode) }, owned([me]))).toBe(true);
  });

  it("in the workspace is our own whatever its mode, and by a link only if it lies there", async () => {
    const file = world.write("mine", "x");
    fs.chmodSync(file, 0o666);
    expect(await marked(readFile, { path: file }, owned([me]))).toBe(false);
    fs.symlinkSync(grantedFile("open", 0o666), path.join(world.workspace, "link"));
    expect(await marked(readFile, { path: "link" }, owned([me]))).toBe(true);
  });
});

describe("what was fetched", () => {
  const answer = { kind: "file", url: "https://a.test/x.txt", status: 200 } as const;
  const more = { type: "text/plain", charset: null, name: null, notes: [] } as const;
  const fetching = (): ToolContext =>
    owned([me], {
      web: async () => ({
        ...{ markdown: "", file: Buffer.from("one two\n"), screenshot: null },
        answer: { ...answer, ...more },
      }),
    });
  const fetched = async (args: object = {}): Promise<string> => {
    const { text } = await fetchWebpage.run({ url: answer.url, ...args }, fetching());
    return /kept in (\S+)\]/.exec(text)?.[1] ?? "";
  };

  it("stays a stranger's word in a later task, edited, copied and moved", async () => {
    const context = fetching();
    const file = await fetched({ save_as: "in/x.txt" });
    expect(await marked(readFile, { path: file }, context)).toBe(true);
    expect(hasStrangers(context.files, [`${file}:1:two`])).toBe(true);
    world.write("mine", "x");
    expect(await marked(readFile, { path: "mine" }, context)).toBe(false);
    await editFile.run({ path: file, old_string: "one", new_string: "1" }, context);
    expect(await marked(readFile, { path: file }, context)).toBe(true);
    for (const [command, ...more] of [["cp", "-p"], ["mv"]] as const) {
      const to = path.join(world.workspace, command);
      execFileSync(command, [...more, file, to]);
      expect(await marked(readFile, { path: to }, context)).toBe(true);
    }
  });

  it("keeps its mark when it replaces a file, with the rights that this had", async () => {
    const file = world.write("old.txt", "mine");
    fs.chmodSync(file, 0o640);
    await fetched({ save_as: "old.txt" });
    expect(fs.statSync(file).mode & 0o7777).toBe(0o1640);
    expect(fs.readFileSync(file, "utf8")).toBe("one two\n");
  });

  it("makes what commands print doubtful, as long as its folder is there", async () => {
    const { files, shell: policy } = fetching();
    const bounded = { ...files, readable: [world.workspace] };
    const shut = { ...policy, isolation: "bwrap", network: false } as const;
    expect(showsStrangers(bounded, shut)).toBe(false);
    await fetched({ save_as: "elsewhere.txt" });
    expect(showsStrangers(bounded, shut)).toBe(true);
    fs.rmSync(path.join(world.workspace, "web"), { recursive: true });
    expect(showsStrangers(bounded, shut)).toBe(false);
  });
});

describe("names in a directory", () => {
  it("are those of whoever may write in it, or in one of those below that were looked through", async () => {
    grantedFile("deep/a.md");
    const at = (args: object) => marked(listFiles, { path: granted, ...args }, owned([me]));
    expect(await at({})).toBe(false);
    fs.chmodSync(path.join(granted, "deep"), 0o777);
    expect(await at({})).toBe(false);
    expect(await at({ glob: "*.md" })).toBe(true);
    fs.chmodSync(granted, 0o775);
    expect(await at({})).toBe(true);
  });
});

describe("what a search finds", () => {
  const search = (lines: string) =>
    marked(
      searchFiles,
      { pattern: "w", path: granted },
      owned([me], { execute: async () => executed(lines) }),
    );

  it("is ours where each file is", async () => {
    const [a, b] = [grantedFile("a"), grantedFile("b", 0o666)];
    expect(await search(`${a}:1:words\n`)).toBe(false);
    expect(await search(`${a}:1:words\n${b}:3:words\n`)).toBe(true);
    expect(await search("grep: x: Permission denied\n")).toBe(true);
  });

  it("is not ours for a name that only looks like one of ours", () => {
    const a = grantedFile("a");
    const lure = grantedFile("a:1:b", 0o666);
    const files = owned([me]).files;
    expect(hasStrangers(files, [`${lure}:7:words`])).toBe(true);
    expect(hasStrangers(files, [`${a}:7:words at ${granted}/none:2:x`])).toBe(false);
    expect(hasStrangers(files, [`${a}:7:${":1:".repeat(500)}`])).toBe(false);
  });

  it("is not ours where a part of it was cut away", async () => {
    const a = grantedFile("a");
    const whole = executed(`${a}:1:words\n`);
    const cut = { ...whole, output: { ...whole.output, totalBytes: 1e6, path: a } };
    const context = owned([me], { execute: async () => cut });
    expect(await marked(searchFiles, { pattern: "w", path: granted }, context)).toBe(true);
  });
});

describe("a command", () => {
  it("shows strangers' words where it has a network, no sandbox, or a directory that others write", async () => {
    const { shell: policy } = world.context;
    const { files } = owned([me]);
    expect(showsStrangers(files, policy)).toBe(false);
    expect(showsStrangers(files, { ...policy, network: true })).toBe(true);
    expect(showsStrangers(files, { ...policy, isolation: "none" })).toBe(true);
    fs.chmodSync(granted, 0o777);
    expect(showsStrangers(files, policy)).toBe(true);
    fs.chmodSync(granted, 0o755);
    const gone = { ...files, readable: [...files.readable, "/nowhere/at/all"] };
    expect(showsStrangers(gone, policy)).toBe(false);
    // Also what a failing one prints.
    fs.chmodSync(granted, 0o777);
    const context = owned([me], { execute: async () => executed("obey", 1) });
    expect(await shell.run({ command: "x" }, context)).toMatchObject({
      ok: false,
      untrusted: true,
    });
  });
});
