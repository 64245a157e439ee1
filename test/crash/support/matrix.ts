/** Runs one row: the operation is cut at every call, in one way, and looked at after the recovery. */
import { errnoOf } from "../../../src/system/disk.ts";
import { ConError, reasonOf } from "../../../src/system/errors.ts";
import { Denied } from "../../../src/tools/files/reach.ts";
import { Crash } from "../../spool/support/memory-disk.ts";
import { inWords, type Way } from "./ways.ts";

/** One machine with everything in its place, just before the operation. */
export interface Subject {
  /** Arms the disk for the `at`-th call from now. */
  readonly arm: (way: Way, at: number) => void;
  readonly restart: () => void;
  readonly act: () => unknown;
  /** What the system does after a restart, or its sender. */
  readonly recover: () => unknown;
  /** Throws for what is lost, half or twice. */
  readonly check: (context: string) => void;
  /** Changing calls so far, and calls that might have failed in the way that it was armed for. */
  readonly count: () => { readonly changes: number; readonly ops: number };
  readonly close?: () => void;
}

export type Story = () => Subject;

export interface Cut {
  readonly cuts: number;
  /** Calls of the whole operation. */
  readonly calls: number;
}

/** At every `stride`-th call; `"few"` cuts three times, somewhere. */
export async function cutEverywhere(
  story: Story,
  way: Way,
  every: number | "few" = 1,
): Promise<Cut> {
  const calls = await callsOf(story, way);
  const stride = every === "few" ? Math.ceil(calls / 3) : every;
  // Not the same calls in each way.
  const first = every === "few" ? 1 + (inWords(way).length % stride) : 1;
  let cuts = 0;
  for (let at = first; at <= calls; at += stride) {
    const subject = story();
    const context = `${inWords(way)} at call ${at} of ${calls}`;
    try {
      subject.arm(way, at);
      await dying(subject.act);
      subject.restart();
      await subject.recover();
      subject.check(context);
      // What was acknowledged in the recovery is as durable as what was never cut.
      subject.arm(powerLost, Number.POSITIVE_INFINITY);
      subject.restart();
      await subject.recover();
      subject.check(`${context}, and power lost after the recovery`);
    } catch (error) {
      throw new Error(`${context}: ${reasonOf(error)}`, { cause: error });
    } finally {
      subject.close?.();
    }
    cuts += 1;
  }
  return { cuts, calls };
}

const powerLost = { kind: "power", left: "nothing" } as const;

/** The process dies at one call, and the power goes at a call of the recovery: what the first left unsynced is lost. */
export async function cutTwice(story: Story, stride: number, again: number): Promise<number> {
  const calls = await callsOf(story, { kind: "kill" });
  let cuts = 0;
  for (let at = 1; at <= calls; at += stride)
    for (let then = 1 + (at % again); then <= calls; then += again) {
      await cutPair(story, at, then);
      cuts += 1;
    }
  return cuts;
}

export async function cutPair(story: Story, at: number, then: number): Promise<void> {
  const subject = story();
  const context = `killed at call ${at}, then power lost at call ${then}`;
  try {
    subject.arm({ kind: "kill" }, at);
    await dying(subject.act);
    subject.restart();
    subject.arm(powerLost, then);
    await dying(subject.recover);
    subject.restart();
    await subject.recover();
    subject.check(context);
  } catch (error) {
    throw new Error(`${context}: ${reasonOf(error)}`, { cause: error });
  } finally {
    subject.close?.();
  }
}

async function callsOf(story: Story, way: Way): Promise<number> {
  const subject = story();
  try {
    const { changes } = subject.count();
    subject.arm(way, Number.POSITIVE_INFINITY);
    await subject.act();
    const end = subject.count();
    subject.restart();
    await subject.recover();
    subject.check(`${inWords(way)}, never`);
    return way.kind === "error" ? end.ops : end.changes - changes;
  } finally {
    subject.close?.();
  }
}

/** Ends as it may: dead, or with the error of the disk, in our words or in the kernel's. */
async function dying(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    const ours = [Crash, ConError, Denied].some((kind) => error instanceof kind);
    if (!ours && errnoOf(error) === null) throw error;
  }
}
