/** A real agent directory in a temporary place, with a world whose parts a test may replace. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { agentPaths } from "../../../src/spool/layout.ts";
import type { Post, SpoolWorld } from "../../../src/spool/world.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { loadLease } from "../../../src/system/lease.ts";
import type { Fields, Log } from "../../../src/system/log.ts";
import type { Outcome } from "../../../src/task/task.ts";
import { loadYaml } from "../../../src/task/yaml.ts";

export const selfUid = process.getuid?.() ?? 0;

export interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Fields;
}

export interface Fixture {
  readonly root: string;
  readonly world: SpoolWorld;
  readonly post: Post;
  readonly lines: Line[];
  /** Added to the clock, in milliseconds. */
  readonly clock: { skew: number };
}

export function makeDirectories(root: string, name: string): void {
  const paths = agentPaths(root, name);
  const all = [paths.inbox, paths.outbox, paths.processed, paths.state, paths.journal];
  for (const directory of [...all, ...Object.values(paths.queue)]) {
    fs.mkdirSync(directory, { recursive: true });
  }
}

/** The directory goes when the test ends, also when it fails. */
export function temporaryRoot(): string {
  const root = fs.mkdtempSync(join(tmpdir(), "con-spool-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  return root;
}

export function createLines(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: Line["level"]) =>
    (message: string, fields: Fields = {}): void => {
      lines.push({ level, message, fields });
    };
  return { log: { info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

export function fixture(overrides: Partial<SpoolWorld> = {}, about: Partial<Post> = {}): Fixture {
  const root = temporaryRoot();
  makeDirectories(root, "me");
  const { log, lines } = createLines();
  const clock = { skew: 0 };
  const paths = agentPaths(root, "me");
  const world: SpoolWorld = {
    disk: nodeDisk,
    now: () => Date.now() + clock.skew,
    randomBytes: (count) => randomBytes(count),
    log,
    senderOf: (uid) => ({ uid, name: uid === 0 ? "root" : `uid-${uid}`, agent: null }),
    mailboxOf: (agent) => ({ inbox: agentPaths(root, agent).inbox, bell: null }),
    lease: loadLease,
    loadYaml,
    progress: () => 0,
    ...overrides,
  };
  const post: Post = {
    name: "me",
    uid: 4711,
    paths,
    inboxes: [paths.inbox],
    trustedUids: [],
    taskerUids: [],
    ...about,
  };
  return { root, world, post, lines, clock };
}

export const tally = {
  model: "test",
  steps: 1,
  tokens: { input: 1, output: 2 },
  costUsd: 0,
  children: [],
};

export const done = (answer: string): Extract<Outcome, { kind: "done" }> => ({
  kind: "done",
  answer,
  tally,
});
