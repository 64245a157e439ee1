import { linkSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../src/commands/responses.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem, type TestSystem } from "./support.ts";

function answerAt(
  { root, settle }: TestSystem,
  agent: string,
  id: string,
  text: string,
  at: number,
) {
  settle(agent, id, text, { finished_at: new Date(at * 1000).toISOString() });
  utimesSync(join(root, `agents/${agent}/outbox/${id}.response`), at, at);
}

test("shows the latest answers of all agents, the newest last", async () => {
  const system = makeSystem();
  answerAt(system, "concierge", "b", "second", 2000);
  answerAt(system, "sysadmin", "a", "first", 1000);
  answerAt(system, "sysadmin", "c", "third", 3000);
  const { io, out } = makeIo(system.root);
  expect(await run(["-n", "2", "--json"], io)).toBe(exit.ok);
  const items = JSON.parse(out());
  expect(items.map((item: { answer: string }) => item.answer)).toEqual(["second", "third"]);
  expect(items[1]).toEqual({
    id: "c",
    agent: "sysadmin",
    status: "done",
    finished_at: "1970-01-01T00:50:00.000Z",
    answer: "third",
    path: join(system.root, "agents/sysadmin/outbox/c.response"),
  });
});

test("one agent only; long and hostile text is cut and made harmless", async () => {
  const system = makeSystem();
  answerAt(system, "concierge", "b", "not mine", 2000);
  answerAt(system, "sysadmin", "a", `\u001b[2J\u0090${"x".repeat(3000)}`, 1000);
  const { io, out } = makeIo(system.root);
  await run(["sysadmin"], io);
  expect(out()).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  expect(out()).toContain("\\u001b[2J\\u0090xxx");
  expect(out()).toContain("… (1005 more)");
  expect(out()).not.toContain("not mine");
});

test("never follows a symbolic link out of an outbox", async () => {
  const { root, put } = makeSystem();
  const secret = put("secret", "root's own");
  symlinkSync(secret, join(root, "agents/sysadmin/outbox/z.response"));
  const { io, out, err } = makeIo(root);
  expect(await run([], io)).toBe(exit.ok);
  expect(out()).toBe("");
  expect(err()).toContain("symbolic link");
});

test("an answer without a record is shown with an unknown status", async () => {
  const { root, put } = makeSystem();
  linkSync(put("x", "half"), join(root, "agents/sysadmin/outbox/h.response"));
  const { io, out } = makeIo(root);
  await run(["--json"], io);
  expect(JSON.parse(out())).toMatchObject([{ id: "h", status: null, answer: "half" }]);
});

test("an unknown agent and a bad number are refused", async () => {
  const { root } = makeSystem();
  expect((await failure(() => run(["nobody"], makeIo(root).io))).code).toBe(exit.badInput);
  expect((await failure(() => run(["-n", "x"], makeIo(root).io))).code).toBe(exit.usage);
});
