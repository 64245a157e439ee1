/** What works on the real file system: bootstrap makes what was promised, the archive keeps former versions. */
import { deepStrictEqual, ok } from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { openAcl } from "../../../src/host/acl.ts";
import { makePaths } from "../../../src/host/apply.ts";
import type { PathFact } from "../../../src/host/facts.ts";
import { withWalk } from "../../../src/host/walk.ts";
import { isTemporaryName } from "../../../src/system/durable.ts";
import { archiveAway, keepFormer } from "../../../src/tools/files/archive.ts";
import { type ArchiveWorld, versionsOf } from "../../../src/tools/files/archive-folder.ts";
import { quickDirectory } from "../../support/quick-directory.ts";
import type { Story, Subject } from "../support/matrix.ts";
import { createRealCut } from "../support/real-cut.ts";

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** In a directory that goes with it. */
function inDirectory(make: (top: string) => Pick<Subject, "act" | "recover" | "check">): Subject {
  const top = fs.mkdtempSync(join(quickDirectory(), "con-cut-"));
  const cut = createRealCut();
  const story = make(top);
  return {
    ...cut,
    ...story,
    act: () => cut.during(story.act),
    close: () => fs.rmSync(top, { recursive: true, force: true }),
  };
}

const old = "old text\n";
const content = "new text\n".repeat(20);

export const apply: Story = () =>
  inDirectory((top) => {
    const acls = openAcl();
    const directory = (name: string): PathFact => ({
      ...{ kind: "directory", path: join(top, name), ...own, mode: 0o750 },
      ...{ named: [], inherit: null, deep: false },
    });
    const file = (name: string): PathFact => ({
      ...{ kind: "file", path: join(top, name), ...own, mode: 0o640, content },
    });
    const facts: readonly PathFact[] = [
      ...[directory("a"), directory("a/b"), file("a/b/new"), file("old")],
      { kind: "link", path: join(top, "link"), target: "old" },
    ];
    fs.writeFileSync(join(top, "old"), old);
    const make = () => withWalk("make", (walk) => makePaths(facts, facts, walk, acls));
    return {
      act: make,
      recover: () => {
        ok([old, content].includes(fs.readFileSync(join(top, "old"), "utf8")), "half a file");
        deepStrictEqual(make(), []);
      },
      check: () => {
        const there = fs.readdirSync(top, { recursive: true, encoding: "utf8" });
        // A name of ours that a kill left is taken away by bootstrap (strays.test.ts).
        const names = there.filter((name) => !isTemporaryName(name.split("/").at(-1) ?? ""));
        deepStrictEqual(names.sort(), ["a", "a/b", "a/b/new", "link", "old"]);
        for (const name of ["a/b/new", "old", "link"])
          deepStrictEqual(fs.readFileSync(join(top, name), "utf8"), content);
      },
    };
  });

function archived(top: string): ArchiveWorld {
  const [workspace, directory] = [join(top, "workspace"), join(top, "archive")];
  for (const path of [workspace, directory, join(directory, "versions"), join(directory, "paths")])
    fs.mkdirSync(path);
  const bounds = { versionBytes: 1 << 20, versionsPerFile: 5, totalBytes: 1 << 20 };
  const files = {
    ...{ workspace, readable: [workspace], writable: [workspace], denied: [directory] },
    archive: { directory, ...bounds },
  };
  let now = Date.parse("2027-01-05T12:00:00Z");
  return { files, now: () => (now += 1000) };
}

/** The text is in the file, or in a version of it. */
const archive =
  (act: (world: ArchiveWorld, path: string) => unknown): Story =>
  () =>
    inDirectory((top) => {
      const world = archived(top);
      const path = join(world.files.workspace, "notes");
      fs.writeFileSync(path, content);
      const isThere = () => fs.existsSync(path);
      const versions = (): string[] =>
        versionsOf(world, path).map(({ id }) => {
          const folder = join(top, "archive/versions");
          const name = fs.readdirSync(folder).find((one) => one.startsWith(id)) ?? "";
          const found = join(folder, name);
          return fs.readFileSync(found, "utf8");
        });
      return {
        act: () => act(world, path),
        recover: () => {
          const texts = [...versions(), ...(isThere() ? [fs.readFileSync(path, "utf8")] : [])];
          ok(texts.length > 0 && texts.every((text) => text === content), `there is ${texts}`);
          if (isThere()) act(world, path);
        },
        check: () => ok(versions().includes(content), "no version of it is whole"),
      };
    });

export const archiveKeeps = archive(keepFormer);
export const archiveTakes = archive(archiveAway);
