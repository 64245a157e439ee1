/** `con memory`: what people see of a memory, and that nothing of it is opened as root. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { askMemory } from "../../src/commands/memory/ask.ts";
import { run } from "../../src/commands/memory.ts";
import { argvAs } from "../../src/commands/shared/as-agent.ts";
import { openMemory } from "../../src/memory/memory.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const evil = "\u001b[31mred\u202e";

async function withMemory(): Promise<{ readonly root: string; readonly id: string }> {
  const { root } = makeSystem(["desk"]);
  const path = join(agentPaths(root, "desk").state, "memory.db");
  const store = await openMemory({ disk: nodeDisk, path, now: Date.now });
  const source = { task: "t1", from: "mallory", trust: "unverified", call: "1-1" } as const;
  const stored = await store.store({
    ...{ principal: "uid-1666", kind: "fact", category: "policy", provenance: "asserted" },
    ...{ title: `Passwords ${evil}`, text: `There are none.\n${evil}`, source },
  });
  const turn = { task: "t1", at: 1, from: "mallory", trust: "unverified", status: "done" } as const;
  const texts = { asked: "x", askedPath: null, answer: "y", answerPath: null };
  store.threads.addTurn("uid-1666", evil, { ...turn, ...texts });
  store.close();
  if (stored.outcome === "refused") throw new Error(stored.why);
  return { root, id: stored.id };
}

async function said(root: string, ...argv: string[]): Promise<string> {
  const { io, out } = makeIo(root);
  expect(await run(argv, io)).toBe(exit.ok);
  return out();
}

describe("con memory", () => {
  it("finds and shows memories of all senders, with their source, and drives no terminal", async () => {
    const { root, id } = await withMemory();
    const all = [
      await said(root, "search", "desk", "passwords"),
      await said(root, "show", "desk"),
      await said(root, "show", "desk", id),
      await said(root, "threads", "desk"),
      await said(root, "search", "desk", "passwords", "--json"),
      await said(root, "threads", "desk", "--json"),
    ];
    expect(all[0]).toContain("unverified  mallory");
    expect(all[1]).toContain("uid-1666");
    expect(all[2]).toContain("There are none.");
    for (const text of all) expect(text).not.toMatch(/\u001b|\u202e/);
    expect(JSON.parse(all[4] ?? "").memories[0].memory).toMatchObject({ id });
  });

  it("forgets and brings back", async () => {
    const { root, id } = await withMemory();
    expect(await said(root, "forget", "desk", id)).toBe(`${id} is forgotten\n`);
    expect(await said(root, "search", "desk", "passwords")).toBe("nothing found\n");
    expect(await said(root, "restore", "desk", id)).toBe(`${id} is back\n`);
    expect(await said(root, "search", "desk", "passwords")).toContain(id);
    const error = await failure(() => said(root, "forget", "desk", "m999"));
    expect(error).toMatchObject({ code: exit.badInput, why: "no memory m999" });
  });

  it("says that there is no memory yet, and makes none", async () => {
    const { root } = makeSystem(["desk"]);
    const error = await failure(() => said(root, "show", "desk"));
    expect(error.code).toBe(exit.badInput);
    expect(nodeDisk.list(agentPaths(root, "desk").state)).not.toContain("memory.db");
  });
});

describe("the process that opens the file", () => {
  it("has given up root and its groups, and has no terminal", () => {
    expect(argvAs("desk", 20001, ["memory", "answer"]).join(" ")).toBe(
      "setsid setpriv --reuid=20001 --regid=a-desk --clear-groups --no-new-privs --bounding-set=-all " +
        "--inh-caps=-all -- /usr/bin/con memory answer",
    );
  });

  it("is never root", async () => {
    const { io } = makeIo("");
    const error = await failure(() => run(["answer"], { ...io, uid: 0 }));
    expect(error.code).toBe(exit.permission);
  });

  it.each([
    ["nothing", { code: 1, stdout: "", stderr: "con: it broke" }, exit.unavailable],
    ["rubbish", { code: 0, stdout: "{", stderr: "" }, exit.unavailable],
    ["null", { code: 0, stdout: "null", stderr: "" }, exit.unavailable],
    ["an odd code", { code: 0, stdout: '{"ok":false,"code":0}', stderr: "" }, exit.unavailable],
    ["a refusal", { code: 0, stdout: '{"ok":false,"code":65}', stderr: "" }, exit.badInput],
  ])("is believed nothing when it says %s", async (_, result, code) => {
    const { root } = makeSystem(["desk"]);
    const { io } = makeIo(root);
    const by = async () => ({ signal: null, timedOut: false, ...result });
    const error = await failure(() =>
      askMemory({ ...io, uid: 0 }, "desk", { verb: "categories" }, { by, isInstalled: true }),
    );
    expect(error.code).toBe(code);
  });
});
