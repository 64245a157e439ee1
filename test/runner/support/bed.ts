/** A session on a real directory, with attempts that a test chooses. */

import fs from "node:fs";
import { join } from "node:path";
import { noBudget, noMay } from "../../../src/config/authority.ts";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import { watchInboxes } from "../../../src/runner/inbox-watch.ts";
import { type Attempt, runSession } from "../../../src/runner/session.ts";
import type { SessionWorld } from "../../../src/runner/world.ts";
import { deliver } from "../../../src/spool/deliver.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { takeLock } from "../../../src/system/lock.ts";
import { requestOf } from "../../../src/task/codec.ts";
import type { Outcome, Request } from "../../../src/task/task.ts";
import { done, type Fixture, fixture, selfUid, tally } from "../../spool/support/fixture.ts";

export interface Bed extends Fixture {
  readonly session: SessionWorld;
  readonly stop: AbortController;
  readonly agent: AgentRuntime;
  readonly run: (attempt: Attempt) => Promise<number>;
  readonly send: (text: string, rest?: Partial<Request>) => string;
  readonly record: (id: string) => Record<string, unknown>;
  readonly answer: (id: string) => string;
}

export function bed(overrides: Partial<SessionWorld> = {}, about: Partial<AgentRuntime> = {}): Bed {
  const at = fixture(overrides);
  const { root, world, post } = at;
  const stop = new AbortController();
  const session: SessionWorld = {
    ...world,
    root,
    stop: stop.signal,
    lingerMs: 0,
    lock: (path) => takeLock(nodeDisk, path),
    watch: (directories) => watchInboxes(directories, world.log),
    ...overrides,
  };
  const agent: AgentRuntime = {
    version: 1,
    name: "me",
    uid: post.uid,
    tier: "worker",
    model: "none",
    inboxes: [...post.inboxes],
    trustedUids: [selfUid],
    taskerUids: [],
    may: noMay,
    approval: [],
    budget: noBudget,
    can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
    limits: { memory: "1G", cpu: "100%", tasks: 1, runtimeSeconds: 1, steps: 1 },
    schedule: null,
    instructions: "",
    skills: [],
    ...about,
  };
  const outbox = (id: string, ending: string): string =>
    fs.readFileSync(join(post.paths.outbox, `${id}.${ending}`), "utf8");
  return {
    ...at,
    session,
    stop,
    agent,
    run: (attempt) => runSession(session, agent, attempt),
    send: (text, rest = {}) => deliver(world, post.paths.inbox, requestOf(text, rest)).id,
    record: (id) => JSON.parse(outbox(id, "json")),
    answer: (id) => outbox(id, "response"),
  };
}

export const echo: Attempt = (task) => Promise.resolve(done(`got ${task.request.text}`));
export const never: Attempt = () => Promise.reject(new Error("must not run"));
export const defer = (notBefore: number | null = null): Outcome => ({
  kind: "defer",
  why: "model overloaded",
  notBefore,
  tally,
});

/** Ends when the signal aborts, as an attempt should. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
