import { describe, expect, it } from "vitest";
import { isTryLater, sendAnswer } from "../../src/spool/reply.ts";
import { ConError, exit } from "../../src/system/errors.ts";
import { decodeTask, maxTaskBytes } from "../../src/task/codec.ts";
import { behalfOf, principalOf } from "../../src/task/principal.ts";
import type { Request } from "../../src/task/task.ts";
import {
  type Desk,
  desk,
  failing,
  helper,
  helperInbox,
  idOf,
  minute,
  noon,
  other,
  at as stamp,
  taskOf,
} from "./support/desk.ts";

const asked = (request: Partial<Request> = {}) => taskOf(1, request, { from: helper });

function received(at: Desk): Request[] {
  return at.memory.names(helperInbox).map((name) => {
    const bytes = Buffer.from(at.memory.text(`${helperInbox}/${name}`) ?? "");
    const decoded = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml: null });
    if (!decoded.ok) throw new Error(decoded.why);
    return decoded.request;
  });
}

describe("the answer to an agent", () => {
  it("names what it answers, keeps the thread, counts one hop, and says for whom it was", () => {
    const at = desk();
    const task = asked({ thread: "t", hops: 3, behalf: "0".repeat(32) });
    sendAnswer(at.world, at.post, task, "the answer", stamp(noon));
    expect(received(at)).toMatchObject([
      {
        ...{ text: "the answer", replyTo: idOf(1), thread: "t", hops: 4, interim: false },
        behalf: behalfOf("me", principalOf(task)),
      },
    ]);
    sendAnswer(at.world, at.post, asked({ hops: 999 }), "far", stamp(noon + 1));
    expect(received(at).map(({ hops }) => hops)).toEqual([4, 999]);
  });

  it("comes once for one settling, and anew for another one, task or agent", () => {
    const at = desk();
    const send = (n: number, name: string, finished: number): void =>
      sendAnswer(
        at.world,
        { ...at.post, name },
        { ...asked(), id: idOf(n) },
        "x",
        stamp(noon + finished),
      );
    for (let again = 0; again < 2; again += 1) send(1, "me", 0);
    expect(received(at)).toHaveLength(1);
    // Of what it is the answer, and when that was settled: the same after an upgrade, too.
    expect(at.memory.names(helperInbox)).toEqual(["019cb8b8-1e00-87dc-ac3c-0bd9c5f9be75.task"]);
    send(1, "me", 1);
    send(2, "me", 0);
    send(1, "you", 0);
    expect(received(at)).toHaveLength(4);
  });

  it("travels up to a mebibyte; the whole stays where it is", () => {
    const at = desk({}, {});
    const writes: number[] = [];
    const disk = {
      ...at.disk,
      write: (_fd: number, bytes: Uint8Array, offset: number) => {
        writes.push(bytes.length - offset);
        return bytes.length - offset;
      },
    };
    const world = { ...at.world, disk };
    sendAnswer(world, at.post, asked(), "x".repeat(3 * 1024 * 1024), stamp(noon));
    expect(writes[0]).toBeGreaterThan(1_000_000);
    expect(writes[0]).toBeLessThan(1_100_000);
  });

  it.each([
    ["the sender is no agent", taskOf(1)],
    ["it would answer an answer", asked({ replyTo: idOf(2) })],
    ["the agent is gone", taskOf(1, {}, { from: other })],
    ["it asked itself", taskOf(1, {}, { from: { uid: 4711, name: "me", agent: "me" } })],
  ])("is not sent where %s", (_, task) => {
    const mailboxes: string[] = [];
    const mailboxOf = (agent: string) => {
      mailboxes.push(agent);
      return agent === "other" ? null : { inbox: helperInbox, bell: null };
    };
    const at = desk({ mailboxOf });
    sendAnswer(at.world, at.post, task, "x", stamp(noon));
    expect(received(at)).toEqual([]);
    expect(mailboxes).toEqual(task.from === other ? ["other"] : []);
  });

  it("rings where somebody must be woken", () => {
    const mailboxOf = () => ({ inbox: helperInbox, bell: "/run/bell" });
    const at = desk({ mailboxOf });
    const opened: string[] = [];
    const open = (path: string, flags: number, mode?: number): number => {
      opened.push(path);
      return at.disk.open(path, flags, mode);
    };
    sendAnswer({ ...at.world, disk: { ...at.disk, open } }, at.post, asked(), "x", stamp(noon));
    expect(opened.at(-1)).toBe("/run/bell");
  });

  it("is no reason to fail the task where the agent lets nobody answer", () => {
    for (const [code, why] of [
      ["EACCES", "this user may not write there"],
      ["ENOENT", "there is no such inbox"],
    ] as const) {
      const at = desk();
      const world = { ...at.world, disk: failing(at.disk, "link", code) };
      sendAnswer(world, at.post, asked(), "x", stamp(noon));
      expect(at.lines).toEqual([
        {
          ...{ level: "warn", message: "an answer could not be delivered" },
          fields: { id: idOf(1), to: "helper", why },
        },
      ]);
    }
  });

  it("is tried again where the disk is full, and no other fault passes", () => {
    const at = desk();
    const on = (disk: typeof at.disk) => (): void =>
      sendAnswer({ ...at.world, disk }, at.post, asked(), "x", stamp(noon + minute));
    expect(on(failing(at.disk, "link", "ENOSPC"))).toThrow(
      expect.objectContaining({ name: "ConError", code: exit.tryLater }),
    );
    const broken = () => {
      throw new TypeError("a bug");
    };
    expect(on({ ...at.disk, link: broken })).toThrow("a bug");
    expect(at.lines).toEqual([]);
  });
});

it("a failing disk is worth another try, met directly or while delivering; nothing else is", () => {
  const errno = (code: string): Error => Object.assign(new Error(code), { code });
  const con = (code: ConstructorParameters<typeof ConError>[0]) =>
    new ConError(code, "a", "b", "c");
  expect([errno("ENOSPC"), con(exit.tryLater)].map(isTryLater)).toEqual([true, true]);
  const others = [errno("ENOENT"), con(exit.permission), new Error("x"), { code: exit.tryLater }];
  expect(others.map(isTryLater)).toEqual([false, false, false, false]);
});
