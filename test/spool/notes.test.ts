/** Small files beside the tasks: notes of what they wait for, and what this agent sent to whom. */
import { describe, expect, it } from "vitest";
import { agentPaths, bellOf, outerInbox } from "../../src/spool/layout.ts";
import { moveByLink } from "../../src/spool/move.ts";
import { forgetNote, notedIds, notePath, readNote, writeNote } from "../../src/spool/notes.ts";
import { rememberSent, sentDirectory, sentFor, wasSent } from "../../src/spool/sent.ts";
import { desk, failing, idOf, me, noon, at as stamp, write } from "./support/desk.ts";

const id = idOf(1);
const note = { since: stamp(noon), calls: [], answers: [{ to: idOf(2), task: idOf(3) }] };

it("everything of an agent lies under one folder, but for the tools that people share", () => {
  const base = "/srv/con/agents/ann";
  expect(agentPaths("/srv/con", "ann")).toEqual({
    base,
    inbox: `${base}/inbox`,
    outbox: `${base}/outbox`,
    processed: `${base}/processed`,
    queue: {
      active: `${base}/queue/active`,
      deferred: `${base}/queue/deferred`,
      held: `${base}/queue/held`,
      corrupt: `${base}/queue/corrupt`,
      failed: `${base}/queue/failed`,
    },
    state: `${base}/state`,
    journal: `${base}/state/journal`,
    lock: `${base}/state/lock`,
    uses: `${base}/state/uses.json`,
    workspace: `${base}/workspace`,
    tools: `${base}/tools`,
    sharedTools: "/srv/con/tools",
    archive: `${base}/archive`,
  });
  expect([outerInbox("/srv/con"), bellOf("ann")]).toEqual(["/srv/con/inbox", "/run/con/bell/ann"]);
});

describe("a note", () => {
  it("lies beside the held tasks for the agent alone, and survives a power cut", () => {
    const at = desk();
    expect(notePath(me, id)).toBe(`${me.queue.held}/${id}.wait.json`);
    expect(readNote(at.disk, me, id)).toBeNull();
    writeNote(at.disk, me, id, note);
    at.memory.reboot(true);
    expect(readNote(at.disk, me, id)).toEqual(note);
    expect(at.memory.mode(notePath(me, id))).toBe(0o600);
  });

  it("that is damaged is none", () => {
    const at = desk();
    write(at, notePath(me, id), "{");
    expect(readNote(at.disk, me, id)).toBeNull();
  });

  it("is known by its full name and a valid id alone", () => {
    const at = desk();
    const held = me.queue.held;
    for (const name of [
      `${id}.task`,
      `x.wait.json`,
      `.${id}.wait.json.new`,
      `${idOf(2)}.wait`,
      `${idOf(3)}.wait+json`,
    ])
      write(at, `${held}/${name}`, "");
    writeNote(at.disk, me, id, note);
    expect(notedIds(at.disk, me)).toEqual([id]);
  });

  it("is forgotten, also when there is none, and any other failure is told", () => {
    const at = desk();
    writeNote(at.disk, me, id, note);
    forgetNote(at.disk, me, id);
    forgetNote(at.disk, me, id);
    expect(at.memory.names(me.queue.held)).toEqual([]);
    expect(() => forgetNote(failing(at.disk, "unlink", "EACCES"), me, id)).toThrow("EACCES");
  });
});

describe("what this agent sent", () => {
  const path = `${me.state}/sent/${id}`;

  it("is remembered by its id: to whom, for whom, in which thread", () => {
    const at = desk();
    rememberSent(at.disk, me, id, "ann");
    expect(at.memory.text(path)).toBe("ann");
    expect(sentFor(at.disk, me, id)).toEqual({ to: "ann", owner: null, thread: null });
    rememberSent(at.disk, me, id, "bea", { owner: "uid-1000", thread: "t1" });
    at.memory.reboot(true);
    expect(sentFor(at.disk, me, id)).toEqual({ to: "bea", owner: "uid-1000", thread: "t1" });
    expect(wasSent(at.disk, me, id)).toBe("bea");
    expect(at.memory.mode(path)).toBe(0o600);
  });

  it.each([
    ["", { to: "", owner: null, thread: null }],
    ["ann\n", { to: "ann", owner: null, thread: null }],
    ["ann\n{", { to: "ann", owner: null, thread: null }],
    ["ann\nnull", { to: "ann", owner: null, thread: null }],
    ['ann\n{"owner":1,"thread":["x"]}', { to: "ann", owner: null, thread: null }],
    ['ann\n{"thread":"t"}', { to: "ann", owner: null, thread: "t" }],
  ])("is believed as far as it can be read: %j", (text, expected) => {
    const at = desk();
    write(at, path, text);
    expect(sentFor(at.disk, me, id)).toEqual(expected);
  });

  it("is nothing for an unknown id, and no path for what is no id", () => {
    const at = desk();
    write(at, `${me.state}/forgotten.json`, "ann");
    expect(sentFor(at.disk, me, id)).toBeNull();
    expect(wasSent(at.disk, me, id)).toBeNull();
    for (const odd of ["../forgotten.json", "", "x"]) {
      expect(sentFor(at.disk, me, odd)).toBeNull();
      expect(() => rememberSent(at.disk, me, odd, "ann")).toThrow("not a task id");
    }
    expect(at.memory.text(`${me.state}/forgotten.json`)).toBe("ann");
  });

  it("makes its folder where there is none", () => {
    const at = desk();
    at.memory.folders.delete(sentDirectory(me));
    rememberSent(at.disk, me, id, "ann");
    expect(wasSent(at.disk, me, id)).toBe("ann");
  });
});

describe("a move", () => {
  it("replaces a name that an earlier one left, and is durable on both sides", () => {
    const at = desk();
    const [from, to] = [`${me.queue.active}/x.task`, `${me.queue.held}/x.task`];
    write(at, from, "new");
    write(at, to, "old");
    moveByLink(at.disk, from, to);
    expect([at.memory.text(from), at.memory.text(to)]).toEqual([null, "new"]);
    at.memory.reboot(true);
    expect([at.memory.names(me.queue.active), at.memory.names(me.queue.held)]).toEqual([
      [],
      ["x.task"],
    ]);
  });
});
