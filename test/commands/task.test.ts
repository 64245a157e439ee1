import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../src/commands/task.ts";
import { exit } from "../../src/system/errors.ts";
import { decodeTask, maxTaskBytes } from "../../src/task/codec.ts";
import { isId } from "../../src/task/id.ts";
import { bytesOf, failure, makeIo, makeSystem } from "./support.ts";

function tasksIn(directory: string) {
  return readdirSync(directory).map((name) => {
    const bytes = readFileSync(join(directory, name));
    const decoded = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml: null });
    if (!decoded.ok) throw new Error(decoded.why);
    return { name, ...decoded };
  });
}

test("joins all words, delivers to the outer inbox and prints the id", async () => {
  const { root } = makeSystem();
  const { io, out } = makeIo(root);
  expect(await run(["tell", "me", "all"], io)).toBe(exit.ok);
  const [task, ...others] = tasksIn(join(root, "inbox"));
  expect(others).toEqual([]);
  expect(task?.request.text).toBe("tell me all");
  expect(task?.complete).toBe(true);
  expect(out()).toBe(`${task?.name.replace(".task", "")}\n`);
  expect(isId(out().trim())).toBe(true);
});

test("options become front matter in the inbox of the named agent", async () => {
  const { root, put } = makeSystem();
  const file = put("a.txt", "x");
  const { io, out } = makeIo(root);
  const argv = ["-a", "sysadmin", "--thread", "t 1", "--attach", "a.txt", "--priority", "high"];
  await run([...argv, "--deadline", "2100-01-01T00:00:00Z", "--json", "--", "-x", "go"], io);
  const [task] = tasksIn(join(root, "agents/sysadmin/inbox"));
  expect(task?.request).toMatchObject({
    text: "-x go",
    thread: "t 1",
    attachments: [file],
    priority: "high",
    deadline: "2100-01-01T00:00:00Z",
  });
  const said = JSON.parse(out());
  expect(said).toEqual({
    id: task?.name.replace(".task", ""),
    agent: "sysadmin",
    inbox: join(root, "agents/sysadmin/inbox"),
  });
});

test("a lone dash reads standard input; text that looks like front matter stays text", async () => {
  const { root } = makeSystem();
  const text = "---\npriority: high\n---\nböse";
  const { io } = makeIo(root, { input: () => bytesOf([Buffer.from(text), Buffer.from("\n")]) });
  await run(["-"], io);
  const [task] = tasksIn(join(root, "inbox"));
  expect(task?.request).toMatchObject({ text, priority: "normal" });
});

const refused: readonly (readonly [string, readonly string[], number, string])[] = [
  ["no message", [], exit.usage, "message"],
  ["empty message", [""], exit.badInput, "no text"],
  ["unknown agent", ["-a", "nobody", "hi"], exit.badInput, "concierge, sysadmin"],
  ["agent with a path", ["-a", "../../etc", "hi"], exit.badInput, "no such agent"],
  ["unknown option", ["--waiit", "hi"], exit.usage, "--waiit"],
  ["bad priority", ["--priority", "urgent", "hi"], exit.usage, "urgent"],
  ["bad wait", ["--wait=soon", "hi"], exit.usage, "soon"],
  ["deadline that is over", ["--deadline", "2001-01-01T00:00:00Z", "hi"], exit.badInput, "over"],
  ["deadline that is none", ["--deadline", "tomorrow", "hi"], exit.badInput, "deadline"],
  ["missing attachment", ["--attach", "none.txt", "hi"], exit.badInput, "none.txt"],
  ["thread of two lines", ["--thread", "a\nb", "hi"], exit.badInput, "thread"],
];

test.each(refused)("%s is refused and nothing is delivered", async (_, argv, code, text) => {
  const { root } = makeSystem();
  const error = await failure(() => run([...argv], makeIo(root).io));
  expect(error.code).toBe(code);
  expect(error.message).toContain(text);
  expect(readdirSync(join(root, "inbox"))).toEqual([]);
});

test("standard input that is too large or not UTF-8 is refused", async () => {
  const { root } = makeSystem();
  const input = (bytes: Uint8Array) => ({ input: () => bytesOf([bytes]) });
  const large = makeIo(root, input(Buffer.alloc(maxTaskBytes + 1, 65)));
  expect((await failure(() => run(["-"], large.io))).code).toBe(exit.badInput);
  const binary = makeIo(root, input(Buffer.from([0xff, 0xfe, 0x00])));
  expect((await failure(() => run(["-"], binary.io))).why).toContain("UTF-8");
});

/** Answers the first task that comes, as a runner would: response first, then the record. */
function answering(root: string, settle: (id: string) => void) {
  return () => {
    for (const name of readdirSync(join(root, "inbox"))) settle(name.replace(".task", ""));
  };
}

test("--wait prints the answer; it takes no word of the message", async () => {
  const { root, settle } = makeSystem();
  const { io, out } = makeIo(root, { terminal: { out: true, err: true } });
  // Later than the first look, so that the wait is a wait.
  const answered = { ...io, err: () => void setTimeout(answer, 30) };
  const answer = answering(root, (id) => settle("concierge", id, "42\n"));
  expect(await run(["--wait", "what", "is it"], answered)).toBe(exit.ok);
  expect(out()).toBe("42\n");
});

test("--wait says that the task is held for people, once, and goes on waiting", async () => {
  const { root, settle, put } = makeSystem();
  const { io, out } = makeIo(root, { terminal: { out: true, err: true } });
  const said: string[] = [];
  const asks = answering(root, (id) => {
    const times = { asked: "2027-01-01T00:00:00Z", until: "2027-01-02T00:00:00Z" };
    const question = { con: 1, id, task: id, ...times, why: "waits for a person", question: "on?" };
    put(`agents/concierge/outbox/${id}.held`, JSON.stringify(question));
  });
  const answer = answering(root, (id) => settle("concierge", id, "42\n"));
  const err = (text: string): void => {
    said.push(text);
    if (text.includes("is held")) answer();
    else asks();
  };
  expect(await run(["--wait", "x"], { ...io, err })).toBe(exit.ok);
  expect(out()).toBe("42\n");
  expect(said).toEqual([
    expect.stringContaining("waiting for"),
    expect.stringContaining("is held"),
  ]);
});

test("--wait on a failed task exits 1 and cannot drive the terminal", async () => {
  const { root, settle } = makeSystem();
  const { io, out } = makeIo(root, { terminal: { out: true, err: true } });
  const hostile = "bad\u001b]0;owned\u0007 \u009b31m\u202e news\rx";
  const answer = answering(root, (id) =>
    settle("concierge", id, hostile, { status: "failed", error: "no" }),
  );
  expect(await run(["--wait", "x"], { ...io, err: answer })).toBe(exit.no);
  expect(out()).toBe("bad\\u001b]0;owned\\u0007 \\u009b31m\\u202e news\\u000dx\n");
});

test("a wait that runs out is 75, and the task is still there", async () => {
  const { root } = makeSystem();
  const error = await failure(() => run(["--wait=0", "x"], makeIo(root).io));
  expect(error.code).toBe(exit.tryLater);
  expect(error.message).toMatch(/no answer yet \(pending\): it goes on by itself; see con show/);
  expect(readdirSync(join(root, "inbox"))).toHaveLength(1);
});

test("Ctrl-C ends the wait, not the task", async () => {
  const { root } = makeSystem();
  const probe = makeIo(root, { terminal: { out: true, err: true } });
  const io = { ...probe.io, err: () => probe.interrupt() };
  expect((await failure(() => run(["--wait", "x"], io))).code).toBe(exit.tryLater);
  expect(readdirSync(join(root, "inbox"))).toHaveLength(1);
});

test("without a compiled configuration it says what to run", async () => {
  const { root } = makeSystem();
  const { io } = makeIo(root, { env: { CON_ROOT: join(root, "none") } });
  const error = await failure(() => run(["x"], io));
  expect(error.code).toBe(exit.configuration);
  expect(error.remedy).toContain("con dev");
});

test("--done-when takes checks one by one, and files of them", async () => {
  const { root, put } = makeSystem();
  put(
    "checks.yaml",
    "---\n# what counts\nchecks:\n  - json_key: {path: o.json, key: ok, equals: true}\nrounds: 2\n",
  );
  put("more.json", '[{"answer_matches": "yes"}]');
  const argv = ["--done-when", "path_exists: report.md", "--done-when", '{"path_exists": "b"}'];
  await run(
    [...argv, "--done-when", "@checks.yaml", "--done-when", "@more.json", "x"],
    makeIo(root).io,
  );
  const [task] = tasksIn(join(root, "inbox"));
  expect(task?.request.doneWhen).toMatchObject({
    rounds: 2,
    checks: [
      { probe: { kind: "path_exists", path: "report.md" } },
      { probe: { kind: "path_exists", path: "b" } },
      { probe: { kind: "json_key", wanted: { equals: true } } },
      { probe: { kind: "answer_matches" } },
    ],
  });
});

test.each([
  ["an unknown check", "path_exist: a", "path_exists, path_not_exists"],
  ["a word", "report.md", "must be a map"],
  ["no YAML", "{a", "it is not YAML"],
  ["a missing file", "@none.yaml", "ENOENT"],
  ["no list", "checks: report.md", "checks must be a list"],
  ["another key", "{checks: [], every: 5m}", "unknown key every"],
])("--done-when with %s is refused and nothing is delivered", async (_, check, why) => {
  const { root } = makeSystem();
  const error = await failure(() => run(["--done-when", check, "x"], makeIo(root).io));
  expect(error.code).toBe(exit.badInput);
  expect(error.message).toContain(why);
  expect(readdirSync(join(root, "inbox"))).toEqual([]);
});

test("--answer-schema demands an answer of that form, beside other checks", async () => {
  const { root, put } = makeSystem();
  const schema = { type: "object", required: ["disks"], properties: { disks: { type: "array" } } };
  put("disks.json", JSON.stringify(schema));
  const argv = ["--answer-schema", "disks.json", "--done-when", "path_exists: a"];
  await run([...argv, "x"], makeIo(root).io);
  const [task] = tasksIn(join(root, "inbox"));
  expect(task?.request.doneWhen?.checks.map(({ probe }) => probe)).toEqual([
    { kind: "path_exists", path: "a" },
    { kind: "answer_json", schema },
  ]);
});

test.each([
  ["a regular expression", '{"pattern": "^(a+)+$"}', "schema has pattern, which is not permitted"],
  ["no map", "[]", "schema must be a map: a JSON Schema"],
  ["no YAML", "{a", "it is not YAML"],
  ["no file", null, "ENOENT"],
])("--answer-schema with %s is refused and nothing is delivered", async (_, text, why) => {
  const { root, put } = makeSystem();
  if (text !== null) put("form.json", text);
  const error = await failure(() => run(["--answer-schema", "form.json", "x"], makeIo(root).io));
  expect(error.code).toBe(exit.badInput);
  expect(error.message).toContain("--answer-schema form.json");
  expect(error.message).toContain(why);
  expect(readdirSync(join(root, "inbox"))).toEqual([]);
});
