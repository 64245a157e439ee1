/** The story of a task that had temporary agents, out of what the steward and the gateway keep. */
import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../src/commands/trace.ts";
import { type ChainRecord, openChain } from "../../src/system/chain.ts";
import { openDailyChain } from "../../src/system/daily-chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { makeIo, makeSystem } from "./support.ts";

const id = "0198f3c2-8a7e-7000-8000-0000000000aa";
const request = "0198f3c2-8a7e-7000-8000-0000000000bb";
const first = "0198f3c2-8a7e-7000-8000-0000000000c1";
const below = "0198f3c2-8a7e-7000-8000-0000000000d1";
const inner = "0198f3c2-8a7e-7000-8000-0000000000bc";
const at = (ms: number): string => new Date(Date.parse("2026-01-01T00:00:00Z") + ms).toISOString();

function keep(root: string): void {
  const held = { kind: "tool-held", step: 1, index: 1, why: "temporary agents: scout" };
  const task = { kind: "task", from: "sysadmin", from_uid: 7, trust: "unverified" };
  const agents: ChainRecord[] = [
    { ...held, agent: "sysadmin", task: id, wait_for: request, at: at(10) },
    { ...task, agent: "spawn-aaaaaaaa", task: first, state: "claimed", at: at(30) },
    { ...held, agent: "spawn-aaaaaaaa", task: first, wait_for: inner, at: at(35) },
    { ...task, agent: "spawn-bbbbbbbb", task: below, state: "done", at: at(50) },
  ];
  const directory = join(root, "logs/audit/agents");
  fs.mkdirSync(directory, { recursive: true });
  const now = () => Date.parse(at(0));
  const chain = openDailyChain(nodeDisk, directory, "agents", { mode: 0o640, now });
  chain.write(agents);
  chain.close();
  const child = { id: request, parent: "sysadmin", task: id, role: "scout", attempt: 1 };
  const one = { ...child, child: "spawn-aaaaaaaa", child_task: first };
  const two = {
    ...child,
    id: inner,
    parent: "spawn-aaaaaaaa",
    task: first,
    child: "spawn-bbbbbbbb",
  };
  const steward = openChain(nodeDisk, join(root, "logs/audit/actions.jsonl"), 0o640);
  steward.append([
    { ...one, event: "child-begins", at: at(20) },
    { ...two, event: "child-begins", child_task: below, at: at(40) },
    {
      ...two,
      event: "child-ended",
      status: "done",
      error: null,
      another_attempt: false,
      at: at(60),
    },
    {
      ...one,
      event: "child-ended",
      status: "failed",
      error: "x\u001b[2J",
      another_attempt: true,
      at: at(70),
    },
    {
      ...one,
      event: "child-begins",
      id: "other",
      task: "other",
      child_task: "other",
      child: "spawn-cccccccc",
      at: at(80),
    },
  ]);
  steward.close();
}

test("names each child, also those of children, with what became of it", async () => {
  const { root } = makeSystem();
  keep(root);
  const { io, out } = makeIo(root);
  expect(await run([id], io)).toBe(exit.ok);
  const told = out()
    .split("\n")
    .flatMap((line) => / (?:steward|audit): (.*)$/.exec(line)?.[1] ?? []);
  expect(told).toEqual([
    `tool 1.1 waits for ${request}: temporary agents: scout`,
    `temporary agent spawn-aaaaaaaa, scout of sysadmin, task ${first} begins`,
    expect.stringContaining(`spawn-aaaaaaaa [${first}] task claimed`),
    `temporary agent spawn-bbbbbbbb, scout of spawn-aaaaaaaa, task ${below} begins`,
    expect.stringContaining(`spawn-bbbbbbbb [${below}] task done`),
    "temporary agent spawn-bbbbbbbb, scout of spawn-aaaaaaaa: done",
    `temporary agent spawn-aaaaaaaa, scout of sysadmin, task ${first}: failed: x\\u001b[2J; it is tried once more`,
  ]);
});
