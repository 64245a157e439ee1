/** Attempts on a real disk: journal, prompt, tools and peers put together, with a scripted model. */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeLines } from "../../src/agent/journal.ts";
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { AgentRuntime, SystemRuntime } from "../../src/config/runtime.ts";
import type { StreamModel } from "../../src/model/types.ts";
import { createAttempt } from "../../src/runner/attempt.ts";
import type { AttemptWorld } from "../../src/runner/attempt-world.ts";
import type { AuditTrail, RunnerEvent, Whereabouts } from "../../src/runner/audit.ts";
import { journalProgress } from "../../src/runner/journal-file.ts";
import {
  filePolicy,
  grantRoot,
  parseMemory,
  sandboxPolicy,
  shellPolicy,
} from "../../src/runner/policy.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { sentFor } from "../../src/spool/sent.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";
import { createLog } from "../../src/system/log.ts";
import { decodeTask } from "../../src/task/codec.ts";
import type { Task } from "../../src/task/task.ts";
import { builtinTools } from "../../src/tools/registry.ts";
import { aTask, call, scriptedModel, validateWithAjv } from "../agent/support/scripted.ts";

let root: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "con-attempt-")));
  for (const name of ["desk", "peer"])
    for (const part of ["inbox", "queue/held", "workspace", "state", "tools"])
      fs.mkdirSync(path.join(root, "agents", name, part), { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const entry = (name: string) =>
  ({
    name,
    uid: 1,
    tier: "operator",
    description: `The ${name}`,
    model: "smart",
    schedule: null,
    wake: "path",
  }) as const;

const system = (): SystemRuntime => ({
  version: 1,
  name: "test",
  root,
  frontDesk: "desk",
  gateway: "/nowhere",
  agents: [entry("desk"), entry("peer")],
  models: ["smart"],
});

const agent = (change: Partial<AgentRuntime["can"]> = {}): AgentRuntime => ({
  version: 1,
  name: "desk",
  uid: 1,
  tier: "operator",
  model: "smart",
  inboxes: [],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: {
    task: ["peer"],
    read: [],
    write: [],
    network: [],
    tools: ["write_file", "read_file", "send_task", "reply", "agents"],
    models: [],
    ...change,
  },
  limits: { memory: "2G", cpu: "200%", tasks: 64, runtimeSeconds: 60, steps: 10 },
  schedule: null,
  instructions: "Be kind.",
  skills: [],
});

function attemptWith(model: StreamModel, change: Partial<AttemptWorld> = {}) {
  return createAttempt({
    disk: nodeDisk,
    now: Date.now,
    randomBytes: (count) => randomBytes(count),
    mailboxOf: (name) => ({ inbox: agentPaths(root, name).inbox, bell: null }),
    log: createLog(() => undefined),
    system: system(),
    agent: agent(),
    paths: agentPaths(root, "desk"),
    model,
    tools: builtinTools(),
    validate: validateWithAjv(builtinTools()),
    clock: {
      now: Date.now,
      deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    },
    instructions: "Be kind.",
    isolation: "bwrap",
    ...change,
  });
}

const context = () => ({ signal: new AbortController().signal, attempts: 1 });
const journalPath = (task: Task) => path.join(agentPaths(root, "desk").journal, `${task.id}.jsonl`);

function journalOf(task: Task) {
  const decoded = decodeLines(fs.readFileSync(journalPath(task), "utf8"));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines;
}

const resultsOf = (task: Task) =>
  journalOf(task).flatMap((line) => (line.kind === "tool-result" ? [line.text] : []));

const delivered = (name: string) => {
  const { inbox } = agentPaths(root, name);
  return fs.readdirSync(inbox).map((file) => {
    const bytes = fs.readFileSync(path.join(inbox, file));
    const decoded = decodeTask(bytes, { maxBytes: 1 << 20, parseYaml: null });
    if (!decoded.ok) throw new Error(decoded.why);
    return { id: file.replace(/\.task$/, ""), request: decoded.request };
  });
};

const oneCall = (name: string, args: unknown) =>
  scriptedModel([{ toolCalls: [call(name, args)] }, { text: "done" }]);

describe("an attempt", () => {
  it("does the work and keeps the journal private", async () => {
    const task = aTask("Write it down.");
    const outcome = await attemptWith(oneCall("write_file", { path: "a", content: "x" }))(
      task,
      context(),
    );
    expect(outcome).toMatchObject({ kind: "done", answer: "done", tally: { steps: 2 } });
    expect(fs.readFileSync(path.join(root, "agents/desk/workspace/a"), "utf8")).toBe("x");
    expect(fs.statSync(journalPath(task)).mode & 0o777).toBe(0o600);
    expect(journalProgress(nodeDisk, agentPaths(root, "desk").journal, task.id)).toBe(3);
  });

  it("offers only the tools of the manifest", async () => {
    const model = scriptedModel([{ text: "done" }]);
    await attemptWith(model)(aTask("x"), context());
    expect(model.requests[0]?.tools.map((tool) => tool.function.name)).not.toContain("shell");
    expect(model.requests[0]?.tools).toHaveLength(5);
  });

  it("goes on after a torn line, which it cuts off first", async () => {
    const task = aTask("Write it down.");
    const model = () => oneCall("write_file", { path: "a", content: "x" });
    await attemptWith(model())(task, context());
    const whole = fs.readFileSync(journalPath(task), "utf8").trimEnd().split("\n");
    const at = whole.findIndex((line) => line.includes('"tool-result"'));
    const torn = `${whole.slice(0, at).join("\n")}\n${whole[at]?.slice(0, 20)}`;
    fs.writeFileSync(journalPath(task), torn);
    fs.unlinkSync(path.join(root, "agents/desk/workspace/a"));
    expect((await attemptWith(model())(task, context())).kind).toBe("done");
    expect(resultsOf(task)[0]).toMatch(/^interrupted:/);
    expect(fs.existsSync(path.join(root, "agents/desk/workspace/a"))).toBe(false);
  });

  it("fails readably when the journal is damaged in its middle, and leaves it alone", async () => {
    const task = aTask("x");
    await attemptWith(scriptedModel([{ text: "done" }]))(task, context());
    const damaged = fs.readFileSync(journalPath(task), "utf8").replace('"prompt"', "#");
    fs.writeFileSync(journalPath(task), damaged);
    const outcome = await attemptWith(scriptedModel([]))(task, context());
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(outcome.kind === "failed" && outcome.why).toContain("its journal is damaged: line 2");
    expect(fs.readFileSync(journalPath(task), "utf8")).toBe(damaged);
  });

  it("throws for a full disk, and asks no model", async () => {
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    const disk: Disk = {
      ...nodeDisk,
      write() {
        throw full;
      },
    };
    const model = scriptedModel([{ text: "done" }]);
    await expect(attemptWith(model, { disk })(aTask("x"), context())).rejects.toBe(full);
    expect(model.requests).toEqual([]);
  });

  it("puts a long text where the model can read it", async () => {
    const text = `${"word ".repeat(8000)}needle`;
    const task = aTask(text);
    const file = path.join(root, "agents/desk/workspace/.con/tasks", `${task.id}.txt`);
    const model = oneCall("read_file", { path: file });
    await attemptWith(model)(task, context());
    expect(String(model.requests[0]?.messages[1]?.content)).toContain(file);
    expect(fs.readFileSync(file, "utf8")).toBe(text);
  });
});

describe("other agents", () => {
  it("get tasks that are remembered, and count the way", async () => {
    const task = aTask("Ask the peer.");
    const outcome = await attemptWith(oneCall("send_task", { agent: "peer", text: "How?" }))(
      task,
      context(),
    );
    const [sent] = delivered("peer");
    expect(sent?.request).toMatchObject({ text: "How?", hops: 1, replyTo: null });
    expect(outcome.tally.children).toEqual([sent?.id]);
    const known = { to: "peer", owner: "trusted", thread: null };
    expect(sentFor(nodeDisk, agentPaths(root, "desk"), sent?.id ?? "")).toEqual(known);
  });

  it("are named when the wanted one does not exist", async () => {
    const task = aTask("x");
    await attemptWith(oneCall("send_task", { agent: "../desk", text: "How?" }))(task, context());
    expect(resultsOf(task)[0]).toBe('there is no agent "../desk". The agents are: desk, peer');
  });

  it("are not reached from too far away, nor from themselves", async () => {
    const far = aTask("x", { request: { ...aTask("x").request, hops: 8 } });
    await attemptWith(oneCall("send_task", { agent: "peer", text: "How?" }))(far, context());
    expect(resultsOf(far)[0]).toContain("8 agents");
    const near = aTask("x", { id: "01900000-0000-7000-8000-000000000001" });
    await attemptWith(oneCall("send_task", { agent: "desk", text: "How?" }))(near, context());
    expect(resultsOf(near)[0]).toContain("that is you");
    expect(delivered("peer")).toEqual([]);
  });

  it("refuse where the kernel does, and the model reads who would not", async () => {
    const disk: Disk = {
      ...nodeDisk,
      open(file, flags, mode) {
        if (file.includes("/peer/inbox/"))
          throw Object.assign(new Error("EACCES"), { code: "EACCES" });
        return nodeDisk.open(file, flags, mode);
      },
    };
    const task = aTask("x");
    const model = oneCall("send_task", { agent: "peer", text: "How?" });
    await attemptWith(model, { disk })(task, context());
    expect(resultsOf(task)[0]).toContain("peer was not reached");
    expect(resultsOf(task)[0]).toContain("you may task: peer");
  });

  it("are asked: a long answer goes on with its head, and a path to all of it", async () => {
    const task = aTask("x");
    const model = oneCall("ask_agent", { agent: "peer", message: "How?" });
    const others = [entry("desk"), { ...entry("peer"), uid: 2 }];
    const change = {
      agent: agent({ tools: ["ask_agent"] }),
      system: { ...system(), agents: others },
    };
    const held = await attemptWith(model, change)(task, context());
    const [question] = delivered("peer");
    expect(held).toMatchObject({ kind: "held", waitFor: [question?.id], why: "peer's answer" });
    const long = "ä".repeat(40_000);
    const answer = { to: question?.id ?? "", from: "peer", id: "reply-id", text: long };
    const woken = [{ call: "1-1", answers: [answer], over: null }];
    const end = await attemptWith(model, change)(task, { ...context(), woken });
    expect(end).toMatchObject({ kind: "done", tally: { children: [question?.id] } });
    const whole = path.join(agentPaths(root, "desk").workspace, ".con/tasks/reply-id.txt");
    expect(fs.readFileSync(whole, "utf8")).toBe(long);
    const [result = ""] = resultsOf(task);
    expect(result).toContain("the whole text has 80000 bytes");
    expect(result).toContain(`read it in ${whole}`);
    expect(Buffer.byteLength(result)).toBeLessThan(66_000);
  });

  it("get an interim reply; people are told that the answer is theirs", async () => {
    const from = { uid: 1, name: "a-peer", agent: "peer" };
    const task = aTask("x", { trust: "unverified", from });
    await attemptWith(oneCall("reply", { text: "soon" }))(task, context());
    expect(delivered("peer")[0]?.request).toMatchObject({
      text: "soon",
      replyTo: task.id,
      hops: 1,
    });
    const person = aTask("x", { id: "01900000-0000-7000-8000-000000000001" });
    await attemptWith(oneCall("reply", { text: "soon" }))(person, context());
    expect(resultsOf(person)[0]).toContain("final answer");
  });

  it("are listed with what may be known of them", async () => {
    const disk: Disk = {
      ...nodeDisk,
      list(directory) {
        if (directory.includes("/peer/"))
          throw Object.assign(new Error("EACCES"), { code: "EACCES" });
        return nodeDisk.list(directory);
      },
    };
    const task = aTask("x");
    await attemptWith(oneCall("agents", {}), { disk })(task, context());
    expect(resultsOf(task)[0]).toContain(
      "desk (operator): The desk [working on this task; this is you]",
    );
    expect(resultsOf(task)[0]).toContain("[state unknown; you may task it]");
  });
});

describe("policies from a manifest", () => {
  it("understand grants and sizes", () => {
    expect(grantRoot("/srv/con/artifacts/**")).toBe("/srv/con/artifacts");
    expect(grantRoot("/srv/con/artifacts/")).toBe("/srv/con/artifacts");
    expect(grantRoot("/**")).toBe("/");
    expect([parseMemory("512M"), parseMemory("2G"), parseMemory("50%")]).toEqual([
      2 ** 29,
      2 ** 31,
      null,
    ]);
  });

  it("never show the agent's own base, whatever is granted", () => {
    const paths = agentPaths("/srv/con", "desk");
    const greedy = agent({ read: ["/srv/**"], write: ["/srv/con/agents/desk/state/**"] });
    expect(filePolicy(greedy, paths).denied).toContain("/srv/con/agents/desk");
    const shell = shellPolicy(greedy, "bwrap");
    expect(sandboxPolicy(greedy, paths, shell).hidden).toEqual(["/srv/con/agents/desk"]);
    expect(shell.network).toBe(false);
  });
});

describe("the audit trail of an attempt", () => {
  /** Tells what was accepted, and how the tool found it when it ran. */
  function trailed(whereabouts: Whereabouts) {
    const noted: RunnerEvent[] = [];
    let settled = 0;
    const trail: AuditTrail = {
      note: (...events) => void noted.push(...events),
      settle: async () => {
        settled = noted.length;
        return whereabouts;
      },
    };
    return { trail, kinds: () => noted.slice(0, settled).map(({ kind, state }) => state ?? kind) };
  }
  const written = () => fs.existsSync(path.join(root, "agents/desk/workspace/a"));
  const writing = () => oneCall("write_file", { path: "a", content: "x" });

  it("has a call before its tool runs, and the outcome before the attempt is over", async () => {
    const { trail, kinds } = trailed("accepted");
    let found: unknown[] = [];
    const tools = builtinTools().map((tool) => ({
      ...tool,
      run: (...given: Parameters<typeof tool.run>) => {
        found = kinds();
        return tool.run(...given);
      },
    }));
    await attemptWith(writing(), { trail, tools })(aTask("x"), context());
    expect(written()).toBe(true);
    expect(found).toEqual(["attempt", "tool-call"]);
    expect(kinds()).toEqual(["attempt", "tool-call", "tool-result", "outcome"]);
  });

  it("keeps a tool from running whose call can be recorded nowhere", async () => {
    const { trail } = trailed("lost");
    const task = aTask("x");
    expect(await attemptWith(writing(), { trail })(task, context())).toMatchObject({
      kind: "done",
    });
    expect(written()).toBe(false);
    expect(resultsOf(task)[0]).toContain("could not be recorded");
  });

  it("does not stop for a gateway that is away, as long as the disk takes it", async () => {
    const { trail } = trailed("kept");
    await attemptWith(writing(), { trail })(aTask("x"), context());
    expect(written()).toBe(true);
  });
});
