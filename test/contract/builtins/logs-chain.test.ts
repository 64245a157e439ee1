import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { agentsHeadIn, logsChain } from "../../../src/contract/builtins/logs-chain.ts";
import { openDailyChain } from "../../../src/system/daily-chain.ts";
import { type Disk, nodeDisk } from "../../../src/system/disk.ts";

const day = 86_400_000;

function bench() {
  const root = fs.mkdtempSync(join(tmpdir(), "con-logs-chain-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const agents = join(root, "agents");
  fs.mkdirSync(agents);
  let now = Date.UTC(2027, 0, 31, 12);
  const chain = openDailyChain(nodeDisk, agents, "agents", { mode: 0o640, now: () => now });
  let memory: unknown = null;
  const read: string[] = [];
  const disk: Disk = {
    ...nodeDisk,
    open: (path, flags, mode) => {
      read.push(path.split("/").at(-1) ?? "");
      return nodeDisk.open(path, flags, mode);
    },
  };
  const places = { history: join(root, "h.jsonl"), actions: join(root, "a.jsonl"), agents };
  const check = logsChain(null, places, disk);
  return {
    agents,
    write: (days = 0, text = ""): void => {
      now += days * day;
      chain.write([{ kind: "tick", text }]);
    },
    remembered: () => agentsHeadIn({ other: 5, "X/y": memory }),
    /** The verdict, and the names of the files that were read for it. */
    look: async (signal = new AbortController().signal) => {
      read.length = 0;
      const remember = (value: unknown): void => {
        memory = value;
      };
      const context = { memory, remember, signal };
      const verdict = await check({}, context as unknown as Parameters<typeof check>[1]);
      return { ...verdict, read: [...new Set(read)] };
    },
  };
}

test("passes where nothing is there yet, and remembers how far the trail went", async () => {
  const at = bench();
  expect(await at.look()).toMatchObject({ state: "pass", found: "0 lines, none changed" });
  expect(at.remembered()).toBeNull();
  at.write();
  at.write(1);
  expect(await at.look()).toMatchObject({ state: "pass", found: "5 lines, none changed" });
  expect(at.remembered()).toMatchObject({ seq: 5 });
});

test("days that have not changed are not read again, and an edit in one is found", async () => {
  const at = bench();
  for (let n = 0; n < 3; n += 1) at.write(n === 0 ? 0 : 1);
  expect((await at.look()).read).toHaveLength(3);
  at.write();
  expect(await at.look()).toMatchObject({ state: "pass", read: ["agents-2027-02-02.jsonl"] });
  const old = join(at.agents, "agents-2027-02-01.jsonl");
  fs.writeFileSync(old, fs.readFileSync(old, "utf8").replace("tick", "tock"));
  expect(await at.look()).toMatchObject({ state: "fail", key: `${old}:2` });
});

test("misses lines cut off at the end, and the whole trail, until they are back", async () => {
  const at = bench();
  at.write();
  at.write();
  await at.look();
  const file = join(at.agents, "agents-2027-01-31.jsonl");
  const whole = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, whole.replace(/[^\n]*\n$/, ""));
  expect(await at.look()).toMatchObject({ state: "fail", found: expect.stringMatching(/cut off/) });
  fs.unlinkSync(file);
  expect(await at.look()).toMatchObject({ state: "fail" });
  fs.writeFileSync(file, whole);
  expect(await at.look()).toMatchObject({ state: "pass" });
});

test("a new day after the last look is followed", async () => {
  const at = bench();
  at.write();
  await at.look();
  at.write();
  at.write(1);
  at.write(2);
  expect(await at.look()).toMatchObject({ state: "pass" });
  expect(await at.look()).toMatchObject({ state: "pass", read: ["agents-2027-02-03.jsonl"] });
});

test("a long trail is read in turns with everybody else, and ends when nobody waits", async () => {
  const at = bench();
  for (let n = 0; n < 100; n += 1) at.write(0, "x".repeat(30_000));
  let turns = 0;
  let done = false;
  const counting = (async () => {
    for (; !done; turns += 1) await turn();
  })();
  expect(await at.look()).toMatchObject({ state: "pass" });
  done = true;
  await counting;
  expect(turns).toBeGreaterThan(8);
  await expect(at.look(AbortSignal.abort())).rejects.toThrow("aborted");
});
