import { describe, expect, it } from "vitest";
import { notePath, writeNote } from "../../src/spool/notes.ts";
import { questionPath } from "../../src/spool/question.ts";
import { tidy } from "../../src/spool/tidy.ts";
import { temporaryMaxAgeMs } from "../../src/task/retry.ts";
import {
  desk,
  failing,
  helperInbox,
  idOf,
  me,
  noon,
  put,
  at as stamp,
  taskOf,
  write,
} from "./support/desk.ts";

const id = idOf(1);
const half = ".a.task.tmp-0123456789abcdef";

describe("dot-names of senders that died", () => {
  it("go from every inbox when they are old enough, and not before", () => {
    const at = desk({}, { inboxes: [me.inbox, helperInbox] });
    for (const inbox of at.post.inboxes) {
      write(at, `${inbox}/${half}`, "x");
      at.disk.setTime(`${inbox}/${half}`, noon);
    }
    at.clock.ms = noon + temporaryMaxAgeMs - 1;
    tidy(at.world, at.post);
    expect(at.post.inboxes.map((inbox) => at.memory.names(inbox))).toEqual([[half], [half]]);
    at.clock.ms += 1;
    tidy(at.world, at.post);
    expect(at.post.inboxes.map((inbox) => at.memory.names(inbox))).toEqual([[], []]);
  });

  it("may go by themselves, and a directory of that name stays", () => {
    const at = desk();
    write(at, `${me.inbox}/${half}`, "x");
    at.clock.ms += 2 * temporaryMaxAgeMs;
    const { find } = at.disk;
    const removed: string[] = [];
    const unlink = (path: string): void => void removed.push(path);
    const isDirectory = () => true;
    for (const stat of [null, { ...find(`${me.inbox}/${half}`), isDirectory }]) {
      const disk = { ...at.disk, unlink, find: () => stat as ReturnType<typeof find> };
      tidy({ ...at.world, disk }, at.post);
    }
    expect(removed).toEqual([]);
    const on = (code: string) => () =>
      tidy({ ...at.world, disk: failing(at.disk, "unlink", code) }, at.post);
    expect(on("ENOENT")).not.toThrow();
    expect(on("EIO")).toThrow("EIO");
  });
});

describe("the note of a task, and what people were asked", () => {
  it.each([
    ["held", true],
    ["active", true],
    ["deferred", true],
    ["processed", false],
    ["failed", false],
    ["corrupt", false],
    [null, false],
  ] as const)("of one in %s stays: %s", (place, stays) => {
    const at = desk();
    if (place !== null) put(at, place, taskOf(1));
    writeNote(at.disk, me, id, { since: stamp(noon), calls: [], answers: [] });
    write(at, questionPath(me, id), "{}");
    tidy(at.world, at.post);
    const left = [notePath(me, id), questionPath(me, id)].map((path) => at.memory.text(path));
    expect(left.map((text) => text !== null)).toEqual([stays, stays]);
  });
});
