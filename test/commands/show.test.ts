import { mkdirSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOwned } from "../../src/commands/shared/read.ts";
import { run } from "../../src/commands/show.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem, uid } from "./support.ts";

const uuid = "0198f3c2-8a7e-7000-8000-0123456789ab";
const other = "0198f3c2-8a7e-7000-8000-0123456789ac";

test("shows record and answer of a settled task by id, prefix and name of the drop", async () => {
  const { root, settle } = makeSystem();
  settle("sysadmin", `hello-${uuid}`, "fine\n", { error: null, children: ["c1"] });
  settle("concierge", `hello-you-${other}`, "other");
  for (const wanted of [`hello-${uuid}`, "hello-0198", "hello"]) {
    const { io, out } = makeIo(root);
    expect(await run([wanted], io)).toBe(exit.ok);
    expect(out()).toContain(`hello-${uuid}`);
    expect(out()).toContain("state:      done");
    expect(out()).toMatch(/\n\nfine\n$/);
  }
});

test("--json keeps its keys", async () => {
  const { root, settle } = makeSystem();
  settle("sysadmin", uuid, "fine\u009b\n");
  const { io, out } = makeIo(root);
  await run([uuid, "--json"], io);
  expect(out()).not.toContain("\u009b");
  expect(JSON.parse(out())).toMatchObject({
    id: uuid,
    agent: "sysadmin",
    state: "done",
    retry_at: null,
    record: { id: uuid, status: "done", tokens: { input: 10, output: 5 } },
    answer: "fine\u009b\n",
    path: join(root, `agents/sysadmin/outbox/${uuid}.response`),
  });
});

test.each(["pending", "active", "deferred", "held", "corrupt", "failed"])(
  "tells that a task is %s",
  async (place) => {
    const { root, put } = makeSystem();
    const folder = place === "pending" ? "inbox" : `queue/${place}`;
    const path = put(`agents/sysadmin/${folder}/x-${uuid}.task`, "x");
    utimesSync(path, 2_000_000_000, 2_000_000_000);
    const { io, out } = makeIo(root);
    await run(["x", "--json"], io);
    const retry = place === "deferred" ? "2033-05-18T03:33:20.000Z" : null;
    expect(JSON.parse(out())).toMatchObject({ state: place, retry_at: retry, path, answer: null });
  },
);

test("what a held task asks people is shown where its queue may not be seen", async () => {
  const { root, put } = makeSystem();
  const question = {
    ...{ id: other, task: uuid, asked: "2027-01-01T00:00:00Z", until: "2027-01-02T00:00:00Z" },
    ...{ why: "waits for a person's word", question: "300 tool calls so far.\u001b[2J Go on?" },
  };
  const held = { con: 1, state: "held", ...question };
  const path = put(`agents/sysadmin/outbox/${uuid}.held`, JSON.stringify(held));
  const { io, out } = makeIo(root);
  await run([uuid, "--json"], io);
  expect(JSON.parse(out())).toMatchObject({
    ...{ state: "held", path, answer: null },
    question: { agent: "sysadmin", ...question },
  });
  const plain = makeIo(root);
  await run([uuid], plain.io);
  expect(plain.out()).toContain("300 tool calls so far.");
  expect(plain.out()).not.toContain("\u001b");
  // One that names another task is none of this one's.
  put(`agents/sysadmin/outbox/${other}.held`, JSON.stringify(held));
  const forged = makeIo(root);
  await run([other, "--json"], forged.io);
  expect(JSON.parse(forged.out())).toMatchObject({ question: null });
});

test("a retried task is where it is now, with its old answer", async () => {
  const { root, put, settle } = makeSystem();
  settle("sysadmin", uuid, "old", { status: "failed" });
  put(`agents/sysadmin/queue/active/${uuid}.task`, "x");
  const { io, out } = makeIo(root);
  await run([uuid, "--json"], io);
  expect(JSON.parse(out())).toMatchObject({ state: "active", answer: "old" });
});

test("an ambiguous beginning, an unknown task and a path are bad input", async () => {
  const { root, settle } = makeSystem();
  settle("sysadmin", uuid, "a");
  settle("concierge", other, "b");
  const ambiguous = await failure(() => run(["0198"], makeIo(root).io));
  expect([ambiguous.code, ambiguous.message.includes(other)]).toEqual([exit.badInput, true]);
  for (const wanted of ["nothing", "", "../x", ".open-x"])
    expect((await failure(() => run([wanted], makeIo(root).io))).code).toBe(exit.badInput);
});

test("a planted symbolic link, FIFO or foreign file is refused, never read", async () => {
  const { root, put } = makeSystem();
  const secret = put("secret", "root's own");
  symlinkSync(secret, join(root, `agents/sysadmin/outbox/${uuid}.json`));
  const error = await failure(() => run([uuid], makeIo(root).io));
  expect(error.message).toContain("symbolic link");
  expect(readOwned(nodeDisk, secret, uid + 1)).toMatchObject({ kind: "refused" });
  mkdirSync(join(root, "folder"));
  expect(readOwned(nodeDisk, join(root, "folder"), uid)).toMatchObject({ kind: "refused" });
});

test("a record that is no JSON is said to be so", async () => {
  const { root, put } = makeSystem();
  put(`agents/sysadmin/outbox/${uuid}.json`, '{"id": 1');
  expect((await failure(() => run([uuid], makeIo(root).io))).code).toBe(exit.badInput);
});

test("shows completion checks, and no word of them drives the terminal", async () => {
  const { root, settle } = makeSystem();
  const checks = [
    { name: "tests", state: "fail", found: "exit code 2:\n\u001b]0;x\u0007" },
    { name: "odd", state: "great" as "pass", found: "" },
  ] as const;
  settle("sysadmin", uuid, "no\n", { status: "failed", error: "no", checks });
  const { io, out } = makeIo(root);
  await run([uuid], io);
  expect(out()).toContain("check:      fail, tests: exit code 2:");
  // What is no state of a check is nothing to rely on.
  expect(out()).toContain("check:      error, odd: ");
  expect(out()).not.toContain("\u001b");
});
