/** What each known key of front matter takes, and what a sender is told where it does not. */
import { describe, expect, it } from "vitest";
import { type Fields, readFields } from "../../src/task/fields.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const read = (key: string, value: unknown) => readFields(new Map([[key, value]]));
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

const none: Fields = {
  thread: null,
  replyTo: null,
  interim: false,
  priority: "normal",
  deadline: null,
  attachments: [],
  hops: 0,
  via: [],
  behalf: null,
  control: null,
  doneWhen: null,
  extra: {},
};

it("without a key every field is as if nobody wished for anything", () => {
  expect(readFields(new Map())).toEqual({ ok: true, fields: none });
});

it.each<[string, unknown, Partial<Fields>]>([
  ["thread", "x", { thread: "x" }],
  ["thread", "é".repeat(200), { thread: "é".repeat(200) }],
  ["reply_to", id, { replyTo: id }],
  ["reply_to", `hello-${id}`, { replyTo: `hello-${id}` }],
  ["interim", "yes", { interim: true }],
  ["priority", "low", { priority: "low" }],
  ["priority", "normal", { priority: "normal" }],
  ["priority", "high", { priority: "high" }],
  ["deadline", "2027-01-31T09:00:00Z", { deadline: "2027-01-31T09:00:00Z" }],
  ["deadline", "2027-01-31 09:00:00.5+01:00", { deadline: "2027-01-31 09:00:00.5+01:00" }],
  ["attachments", [], { attachments: [] }],
  ["attachments", many(64, "/a b"), { attachments: many(64, "/a b") }],
  ["hops", "0", { hops: 0 }],
  ["hops", "999", { hops: 999 }],
  ["via", many(8, "desk-2"), { via: many(8, "desk-2") }],
  ["via", ["a", `a${"b".repeat(30)}`], { via: ["a", `a${"b".repeat(30)}`] }],
  ["on_behalf_of", "0".repeat(32), { behalf: "0".repeat(32) }],
  ["on_behalf_of", "whoever", { behalf: null }],
  ["cancel", id, { control: { verb: "cancel", id } }],
  ["retry", id, { control: { verb: "retry", id } }],
  ["Thread", "x", { extra: { Thread: "x" } }],
  ["mood", ["fine"], { extra: { mood: ["fine"] } }],
])("%s: %j is taken", (key, value, fields) => {
  expect(read(key, value)).toEqual({ ok: true, fields: { ...none, ...fields } });
});

const told = {
  thread: "one line of at most 200 characters",
  reply_to: "a task id",
  interim: "yes, or not there",
  priority: "low, normal or high",
  deadline: "a time like 2027-01-31T09:00:00Z",
  attachments: "a list of at most 64 absolute paths",
  hops: "a number from 0 to 999",
  via: "a list of at most 8 names of agents",
  cancel: "a task id",
  retry: "a task id",
};

describe("refused, with the sentence of its key,", () => {
  it.each<[keyof typeof told, unknown]>([
    ["thread", ""],
    ["thread", "x".repeat(201)],
    ["thread", "a\nb"],
    ["thread", "a\u007fb"],
    ["thread", ["a"]],
    ["reply_to", "hello"],
    ["reply_to", [id]],
    ["interim", "no"],
    ["interim", ""],
    ["priority", "urgent"],
    ["priority", ["low"]],
    ["deadline", "tomorrow"],
    ["deadline", "2027-01-31"],
    ["deadline", "2027-01-31T09:00:00"],
    ["deadline", "2027-13-31T09:00:00Z"],
    ["deadline", "at 2027-01-31T09:00:00Z"],
    ["deadline", ["2027-01-31T09:00:00Z"]],
    ["attachments", "/a"],
    ["attachments", many(65, "/a")],
    ["attachments", ["/a", "b"]],
    ["attachments", ["a/b"]],
    ["attachments", ["/a\n/b"]],
    ["attachments", [["/a"]]],
    ["hops", "-1"],
    ["hops", "1000"],
    ["hops", "1.5"],
    ["hops", ""],
    ["hops", ["5"]],
    ["via", "desk"],
    ["via", many(9, "desk")],
    ["via", ["desk", "Desk"]],
    ["via", ["9desk"]],
    ["via", ["de sk"]],
    ["via", [`a${"b".repeat(31)}`]],
    ["via", [["desk"]]],
    ["cancel", "all"],
    ["retry", "all"],
  ])("is %s: %j", (key, value) => {
    const why = `front matter: ${key} must be ${told[key]}`;
    expect(read(key, value)).toEqual({ ok: false, why });
  });

  it("is cancel beside retry, and a demand that nobody could keep", () => {
    const both = new Map([
      ["cancel", id],
      ["retry", id],
    ]);
    const why = "front matter: cancel must be alone, without retry";
    expect(readFields(both)).toEqual({ ok: false, why });
    expect(read("done_when", [])).toEqual({
      ok: false,
      why: "front matter: done_when must be a list of 1 to 20 checks",
    });
  });
});
