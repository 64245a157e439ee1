import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { loadContracts } from "../../src/contract/load.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";

const rootUid = process.getuid?.() ?? 0;
const body = "description: d\nchecks: [{gateway_ready: }]\n";

function bed() {
  const base = mkdtempSync(join(tmpdir(), "con-contracts-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const directory = join(base, "contracts");
  mkdirSync(directory, { mode: 0o755 });
  const cachePath = join(base, "cache.json");
  const opened: string[] = [];
  const disk: Disk = {
    ...nodeDisk,
    open: (path, ...rest) => {
      opened.push(path.slice(base.length + 1));
      return nodeDisk.open(path, ...rest);
    },
  };
  const put = (name: string, text: string, mode = 0o644): string => {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), mode);
    return join(directory, name);
  };
  // Not the real clock: however long it takes, the files are new until they are said to be old.
  const start = Date.now();
  let ahead = 0;
  const load = async (own: Partial<Parameters<typeof loadContracts>[0]> = {}) => {
    opened.length = 0;
    const now = () => start + ahead;
    const set = await loadContracts({ directory, cachePath, rootUid, disk, now, ...own });
    return {
      ids: set.contracts.map(({ id }) => id),
      bad: set.bad.map(({ file, problems }) => [
        file.slice(directory.length + 1),
        problems.map(({ line, key, why }) => `${line} ${key}: ${why}`).join("; "),
      ]),
      contracts: set.contracts,
      read: opened.filter((path) => path.startsWith("contracts/")).sort(),
    };
  };
  /** As if the files had been lying there for an hour. */
  const settle = () => {
    ahead = 3_600_000;
  };
  return { base, directory, cachePath, put, load, settle };
}

describe("which files are contracts", () => {
  test("*.yaml and *.yml, sorted by id; no dot-files, no folders, nothing else", async () => {
    const { put, load, directory } = bed();
    put("b.yaml", `id: A\n${body}`);
    put("a.yml", `id: B\n${body}`);
    put(".c.yaml", `id: C\n${body}`);
    put("d.txt", `id: D\n${body}`);
    mkdirSync(join(directory, "scripts"));
    writeFileSync(join(directory, "scripts", "e.yaml"), `id: E\n${body}`);
    expect(await load()).toMatchObject({ ids: ["A", "B"], bad: [] });
  });

  test("a bad one is a finding of its own and stops nothing else", async () => {
    const { put, load } = bed();
    put("a.yaml", `id: A\n${body}`);
    put("b.yaml", ":");
    put("c.yaml", "id: C\n");
    put("d.yaml", "");
    put("e.yaml", `id: E\n${body}`);
    writeFileSync(put("f.yaml", ""), Buffer.from([0x69, 0x64, 0xff]));
    put("g.yaml", `id: G\n${body}#${"x".repeat(1 << 20)}\n`);
    const { ids, bad } = await load();
    expect(ids).toEqual(["A", "E"]);
    expect(bad.map(([file]) => file)).toEqual(["b.yaml", "c.yaml", "d.yaml", "f.yaml", "g.yaml"]);
    expect(bad[1]?.[1]).toContain("1 : description is missing");
    expect(bad[3]?.[1]).toContain("UTF-8");
  });

  test("what is no regular file is never opened", async () => {
    const { base, put, load, directory } = bed();
    const elsewhere = join(base, "real.yaml");
    writeFileSync(elsewhere, `id: L\n${body}`);
    symlinkSync(elsewhere, join(directory, "link.yaml"));
    mkdirSync(join(directory, "folder.yaml"));
    put("a.yaml", `id: A\n${body}`);
    const { ids, bad, read } = await load();
    expect(ids).toEqual(["A"]);
    expect(bad.map(([file]) => file)).toEqual(["folder.yaml", "link.yaml"]);
    expect(read).toEqual(["contracts/a.yaml"]);
  });

  test.each([0o664, 0o646, 0o777])("a file of mode %o is never read", async (mode) => {
    const { put, load } = bed();
    put("a.yaml", `id: A\n${body}`, mode);
    const { ids, bad, read } = await load();
    expect([ids, read]).toEqual([[], []]);
    expect(bad[0]?.[1]).toContain("others than root may write to it");
  });

  test("a file of somebody else is never read, even if it was when it was root's", async () => {
    const { put, load, settle } = bed();
    const path = put("a.yaml", `id: A\n${body}`);
    settle();
    expect((await load()).ids).toEqual(["A"]);
    if (rootUid === 0) chownSync(path, 4_711, 0);
    const { ids, bad, read } = await load(rootUid === 0 ? {} : { rootUid: rootUid + 1 });
    expect([ids, read]).toEqual([[], []]);
    expect(bad[0]?.[1]).toContain("not to root");
  });

  test("a file swapped between looking and opening is judged by what was opened", async () => {
    const { base, put, load } = bed();
    put("a.yaml", `id: A\n${body}`);
    const other = join(base, "other");
    writeFileSync(other, `id: EVIL\n${body}`);
    chmodSync(other, 0o666);
    const disk: Disk = {
      ...nodeDisk,
      open: (path, ...rest) => nodeDisk.open(path.endsWith("a.yaml") ? other : path, ...rest),
    };
    const { ids, bad } = await load({ disk });
    expect(ids).toEqual([]);
    expect(bad[0]?.[1]).toContain("mode 666");
  });

  test("a directory that others may write to holds no contract", async () => {
    const { put, load, directory } = bed();
    put("a.yaml", `id: A\n${body}`);
    chmodSync(directory, 0o775);
    expect(await load()).toMatchObject({ ids: [], read: [], bad: [["", expect.any(String)]] });
    chmodSync(directory, 0o755);
    expect((await load({ directory: join(directory, "gone") })).bad[0]?.[1]).toContain("no such");
  });

  test("a file that fails to be read is a finding, a removed one is not", async () => {
    const { put, load } = bed();
    put("a.yaml", `id: A\n${body}`);
    put("b.yaml", `id: B\n${body}`);
    put("c.yaml", `id: C\n${body}`);
    const disk: Disk = {
      ...nodeDisk,
      find: (path) => (path.endsWith("c.yaml") ? null : nodeDisk.find(path)),
      read: () => {
        throw Object.assign(new Error("EIO"), { code: "EIO" });
      },
    };
    const { ids, bad } = await load({ disk, cachePath: null });
    expect(ids).toEqual([]);
    expect(bad).toEqual([
      ["a.yaml", "1 : it cannot be read (EIO)"],
      ["b.yaml", "1 : it cannot be read (EIO)"],
    ]);
  });
});

describe("contracts beside each other", () => {
  test("of two with one id the first file counts", async () => {
    const { put, load, directory } = bed();
    put("a.yaml", `id: A\n${body}`);
    put("b.yaml", `description: other\nid: A\nchecks: [{ledger_intact: }]\n`);
    const { ids, bad, contracts } = await load();
    expect(ids).toEqual(["A"]);
    expect(contracts[0]?.description).toBe("d");
    expect(bad).toEqual([["b.yaml", `2 id: A is the id of ${join(directory, "a.yaml")}`]]);
  });

  test("what waits for nothing known or for itself is told, and evaluated all the same", async () => {
    const { put, load } = bed();
    put("a.yaml", `id: A\n${body}depends_on: [B, NOBODY]\n`);
    put("b.yaml", `id: B\n${body}depends_on: C\n`);
    put("c.yaml", `id: C\n${body}depends_on: B\n`);
    put("d.yaml", `id: D\n${body}depends_on: D\n`);
    const { ids, bad, contracts } = await load();
    expect(ids).toEqual(["A", "B", "C", "D"]);
    expect(contracts.map(({ dependsOn }) => dependsOn)).toEqual([["B"], [], [], []]);
    expect(bad).toEqual([
      ["a.yaml", "4 depends_on: there is no contract NOBODY"],
      ["b.yaml", "4 depends_on: it waits for itself: B → C → B"],
      ["c.yaml", "4 depends_on: it waits for itself: C → B → C"],
      ["d.yaml", "4 depends_on: it waits for itself: D → D"],
    ]);
  });

  test("a mistake in one file is no mistake of those that wait for it", async () => {
    const { put, load } = bed();
    put("a.yaml", `id: A\n${body}depends_on: B\n`);
    put("b.yaml", "id: B\n");
    const { ids, bad } = await load();
    expect(ids).toEqual(["A"]);
    expect(bad.map(([file]) => file)).toEqual(["b.yaml"]);
  });
});

describe("the cache", () => {
  test("settled files are read once; the cache is root's alone", async () => {
    const { put, load, settle, cachePath } = bed();
    for (let n = 0; n < 600; n++) put(`${n}.yaml`, `id: C-${n}\n${body}`);
    put("bad.yaml", "id: BAD\n");
    settle();
    const first = await load();
    expect(first.read).toHaveLength(601);
    const written = statSync(cachePath);
    expect(written.mode & 0o777).toBe(0o600);
    const second = await load();
    expect(second).toEqual({ ...first, read: [] });
    expect(statSync(cachePath).ino).toBe(written.ino);
  });

  test("a change, an addition and a removal are seen", async () => {
    const { put, load, settle, directory } = bed();
    for (const id of ["A", "B", "C"]) put(`${id}.yaml`, `id: ${id}\n${body}`);
    settle();
    await load();
    put("A.yaml", `id: A2\n${body}`);
    unlinkSync(join(directory, "B.yaml"));
    put("D.yaml", `id: D\n${body}`);
    const { ids, read } = await load();
    expect(ids).toEqual(["A2", "C", "D"]);
    expect(read).toEqual(["contracts/A.yaml", "contracts/D.yaml"]);
    put("new", `id: C2\n${body}`);
    renameSync(join(directory, "new"), join(directory, "C.yaml"));
    expect((await load()).ids).toEqual(["A2", "C2", "D"]);
    expect((await load()).read).toEqual([]);
  });

  test("a file so new that a change might not show is read again", async () => {
    const { put, load, settle } = bed();
    put("A.yaml", `id: A\n${body}`);
    await load();
    expect((await load()).read).toEqual(["contracts/A.yaml"]);
    settle();
    expect((await load()).read).toEqual(["contracts/A.yaml"]);
    expect((await load()).read).toEqual([]);
  });

  test.each([
    ["empty", () => ""],
    ["cut off", (text: string) => text.slice(0, -10)],
    ["changed", (text: string) => text.replace('"command"', '"c0mmand"').replace("true", "evil")],
    ["something else", () => "null\n[]"],
  ])("one that is %s is ignored and written anew", async (_, damage) => {
    const { put, load, settle, cachePath } = bed();
    put("A.yaml", "id: A\ndescription: d\nchecks: [{command: 'true'}]\n");
    settle();
    const first = await load();
    const text = readFileSync(cachePath, "utf8");
    writeFileSync(cachePath, damage(text));
    expect(await load()).toEqual(first);
    expect((await load()).read).toEqual([]);
    // The time of reading differs, all else is the same.
    expect(readFileSync(cachePath, "utf8")).toHaveLength(text.length);
  });

  test.each([
    ["writable by others", (path: string) => chmodSync(path, 0o666)],
    [
      "a link",
      (path: string) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
  ])("one that is %s is not believed", async (_, change) => {
    const { put, load, settle, cachePath } = bed();
    put("A.yaml", `id: A\n${body}`);
    settle();
    await load();
    change(cachePath);
    expect((await load()).read).toEqual(["contracts/A.yaml"]);
    expect(statSync(cachePath).mode & 0o777).toBe(0o600);
  });

  test("one of another directory does not count", async () => {
    const { base, put, load, settle, directory } = bed();
    put("A.yaml", "id: A\ndescription: d\nchecks: [{script: {path: x.sh}}]\n");
    settle();
    await load();
    renameSync(directory, join(base, "moved"));
    const { contracts } = await load({ directory: join(base, "moved") });
    expect(contracts[0]?.checks[0]?.probe).toMatchObject({ path: join(base, "moved", "x.sh") });
  });

  test("one that cannot be written costs nothing but time", async () => {
    const { base, put, load, settle } = bed();
    put("A.yaml", `id: A\n${body}`);
    settle();
    const cachePath = join(base, "missing", "cache.json");
    expect((await load({ cachePath })).ids).toEqual(["A"]);
    expect((await load({ cachePath })).read).toEqual(["contracts/A.yaml"]);
    const full: Disk = {
      ...nodeDisk,
      write: () => {
        throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      },
    };
    expect((await load({ disk: full })).ids).toEqual(["A"]);
    expect(readdirSync(base).sort()).toEqual(["contracts"]);
  });
});

test("with a settled cache neither ajv nor yaml is loaded", async () => {
  const { put, load, settle, directory, cachePath } = bed();
  put("A.yaml", `id: A\n${body}`);
  settle();
  await load();
  vi.resetModules();
  vi.doMock("../../src/contract/parse.ts", () => {
    throw new Error("the parser was loaded");
  });
  onTestFinished(() => {
    vi.doUnmock("../../src/contract/parse.ts");
    vi.resetModules();
  });
  const fresh = await import("../../src/contract/load.ts");
  const options = { directory, cachePath, rootUid, now: () => Date.now() + 3_600_000 };
  expect((await fresh.loadContracts(options)).contracts).toHaveLength(1);
  await expect(fresh.loadContracts({ ...options, cachePath: null })).rejects.toThrow(
    "mocking a module",
  );
});
