/**
 * The steward dies at each step, disk calls and acts on the machine alike, and is started again: the end is
 * the same as without it, with one answer.
 */
import { expect, test } from "vitest";
import { readHolds } from "../../src/config/holds.ts";
import { submit } from "../../src/steward/ask.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardRequest } from "../../src/steward/types.ts";
import { verifyChain } from "../../src/system/chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import {
  about,
  answersIn,
  events,
  halt,
  makePlaces,
  makeWorld,
  newMachine,
  resumeAll,
  visible,
} from "./support.ts";

const parse = createParser();

const requests: [string, StewardRequest[]][] = [
  ["pause", [about("pause", "desk")]],
  ["quarantine", [about("quarantine", "drone")]],
  ["halt and resume one", [halt("agents"), about("resume", "desk")]],
  ["pause, halt, resume all", [about("pause", "desk"), halt("workers"), resumeAll]],
  ["an unknown agent, then a kill", [about("pause", "dask"), about("kill_session", "desk")]],
];

function stateOf(places: ReturnType<typeof makePlaces>, machine: ReturnType<typeof newMachine>) {
  const holds = readHolds(places.holds);
  return {
    armed: [...machine.armed].sort(),
    running: [...machine.running].sort(),
    reachable: [...machine.reachable].sort(),
    holds: [...holds.agents].map(([name, { kind }]) => [name, kind]),
    halted: [holds.allAgents?.kind, holds.allWorkers?.kind],
    answers: answersIn(places).map(({ verb, status }) => [verb, status]),
    inbox: visible(places.inbox),
  };
}

async function runWith(list: readonly StewardRequest[], last: number, fault: () => Error) {
  const places = makePlaces();
  const machine = newMachine();
  // Ids sort by their time, which decides between files of one clock tick.
  list.forEach((request, count) => {
    submit(quickDisk, request, { places, now: () => Date.now() + count });
  });
  const { disk, step, steps } = mortal(last, fault);
  const world = makeWorld(places, machine, {
    disk,
    before: fault() instanceof Crash ? step : () => undefined,
  });
  const first = await serve(world, parse).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
    return null;
  });
  const between = stateOf(places, machine);
  expect(await serve(makeWorld(places, machine, { disk: quickDisk }), parse)).toBe(exit.ok);
  return { places, first, between, after: stateOf(places, machine), steps: steps() };
}

test.each(requests)("%s: killed at every step", async (_, list) => {
  const whole = await runWith(list, Number.POSITIVE_INFINITY, () => new Crash());
  expect(whole.first).toBe(exit.ok);
  expect(whole.steps).toBeGreaterThan(10);
  for (let last = 1; last <= whole.steps; last += 1) {
    const { first, after, places } = await runWith(list, last, () => new Crash());
    expect([last, first]).toEqual([last, null]);
    expect([last, after]).toEqual([last, whole.after]);
    expect(verifyChain(nodeDisk, [places.audit])).toMatchObject({ ok: true });
    expect(events(places).filter((event) => event === "ended").length).toBeGreaterThanOrEqual(
      list.length,
    );
  }
});

const full = () => Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });

test("a full disk: what is to be stopped is stopped, the request waits, and is done once", async () => {
  const whole = await runWith([about("quarantine", "drone")], Number.POSITIVE_INFINITY, full);
  for (let last = 1; last < whole.steps; last += 1) {
    const { first, between, after } = await runWith([about("quarantine", "drone")], last, full);
    expect([last, first, between.running]).toEqual([last, exit.tryLater, ["desk"]]);
    expect([last, after]).toEqual([last, whole.after]);
  }
});
