import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run as cancel } from "../../src/commands/cancel.ts";
import { run as retry } from "../../src/commands/retry.ts";
import { exit } from "../../src/system/errors.ts";
import { decodeTask, maxTaskBytes } from "../../src/task/codec.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const id = "x-0198f3c2-8a7e-7000-8000-0123456789ab";

function controlIn(directory: string) {
  const [name, ...others] = readdirSync(directory).filter((file) => !file.startsWith(id));
  if (name === undefined || others.length > 0) throw new Error("not exactly one file");
  const bytes = readFileSync(join(directory, name));
  const decoded = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml: null });
  return decoded.ok ? decoded.request.control : decoded.why;
}

test("cancel writes a control file into the inbox of the agent that has the task", async () => {
  const { root, put } = makeSystem();
  put(`agents/sysadmin/queue/active/${id}.task`, "x");
  const { io, out } = makeIo(root);
  expect(await cancel(["x"], io)).toBe(exit.ok);
  expect(controlIn(join(root, "agents/sysadmin/inbox"))).toEqual({ verb: "cancel", id });
  expect(out()).toBe(`cancel of ${id} handed to sysadmin\n`);
});

test("retry does the same for a failed task", async () => {
  const { root, settle } = makeSystem();
  settle("sysadmin", id, "no", { status: "failed" });
  const { io, out } = makeIo(root);
  expect(await retry([id, "--json"], io)).toBe(exit.ok);
  expect(controlIn(join(root, "agents/sysadmin/inbox"))).toEqual({ verb: "retry", id });
  expect(JSON.parse(out())).toMatchObject({ id, agent: "sysadmin", requested: "retry" });
});

test("a whole id with -a needs no look into the agent's folders", async () => {
  const { root } = makeSystem();
  expect(await cancel(["-a", "sysadmin", id], makeIo(root).io)).toBe(exit.ok);
  expect(controlIn(join(root, "agents/sysadmin/inbox"))).toEqual({ verb: "cancel", id });
});

test("what makes no sense is refused", async () => {
  const { root, put, settle } = makeSystem();
  settle("sysadmin", id, "done");
  put(`agents/concierge/queue/active/y-${id.slice(2)}.task`, "y");
  expect((await failure(() => cancel([id], makeIo(root).io))).why).toBe("it is done");
  expect((await failure(() => retry([id], makeIo(root).io))).why).toBe("it is done");
  expect((await failure(() => retry(["y"], makeIo(root).io))).code).toBe(exit.badInput);
  expect((await failure(() => cancel(["z"], makeIo(root).io))).code).toBe(exit.badInput);
});
