/**
 * The steward dies at each step, of the disk and of the machine alike, and is started again: no place ever has two
 * children of one attempt, no child two tasks, nothing is left, and the parent is told the same once.
 */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { Crash, mortal } from "./mortal.ts";
import { about, answersIn } from "./support.ts";
import {
  ask,
  ended,
  failed,
  hourMs,
  mailOf,
  makeVillage,
  nameOf,
  order,
  serveAs,
  spawnsIn,
  type Village,
  wish,
} from "./village.ts";

const id = newId(Date.now(), () => Uint8Array.from({ length: 10 }, () => 7));

/** What happens to the village before the steward is woken, and whose request it finds. */
type Phase = readonly ["boss" | "root", (village: Village) => void];

const asks = (count: number): Phase => [
  "boss",
  (village) =>
    void ask(
      village,
      wish(
        village,
        Array.from({ length: count }, () => order()),
      ),
      id,
    ),
];
const leaves = (index: number, attempt: number, left = ended()): Phase => [
  "boss",
  (village) => void village.left.set(nameOf(id, index, attempt), left),
];

const stories: [string, Phase[]][] = [
  ["one is done", [asks(1), leaves(0, 1)]],
  ["one fails, and is done at last", [asks(1), leaves(0, 1, failed()), leaves(0, 2)]],
  [
    "two of three end, then it is late",
    [
      asks(3),
      [
        "boss",
        (village) => {
          village.left.set(nameOf(id, 0), ended());
          village.left.set(nameOf(id, 1), failed());
        },
      ],
      ["boss", (village) => village.pass(hourMs)],
    ],
  ],
  [
    "the parent is quarantined",
    [asks(2), ["root", (village) => void ask(village, about("quarantine", "boss"))]],
  ],
  [
    "the parent is killed",
    [asks(2), ["root", (village) => void ask(village, about("kill_session", "boss"))]],
  ],
  [
    "nobody can be made",
    [
      [
        "boss",
        (village) => {
          village.trouble = () => "no room";
          asks(2)[1](village);
        },
      ],
    ],
  ],
];

/** One phase is played with a steward that dies at `last`; another one follows it. */
async function play(phases: readonly Phase[], mortalPhase: number, last: number) {
  const village = makeVillage();
  let steps = 0;
  for (const [at, [as, happens]] of phases.entries()) {
    happens(village);
    if (at === mortalPhase) {
      const death = mortal(last, () => new Crash());
      const first = await serveAs(village, as, death).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        return null;
      });
      steps = death.steps();
      if (last <= steps) expect([last, first]).not.toEqual([last, exit.ok]);
    }
    expect(await serveAs(village, as)).toBe(exit.ok);
  }
  return { village, steps };
}

const stateOf = (village: Village) => ({
  made: [...village.made].sort(),
  tasks: [...village.tasks].map(([name, tasks]) => [name, [...tasks]]).sort(),
  users: [...village.users],
  records: spawnsIn(village),
  children: readdirSync(village.places.children),
  mail: mailOf(village).map((text) => text.replace(/[0-9a-f]{32}/g, "N").replace(/end \d+/, "")),
  answers: answersIn(village.places)
    .map(({ verb, status, changes }) => [verb, status, ...(verb === "spawn" ? changes : [])])
    .sort(),
});

test.each(stories)("%s: killed at every step", async (_, phases) => {
  const whole = stateOf((await play(phases, -1, 0)).village);
  expect([whole.users, whole.records, whole.mail.length]).toEqual([[], [], 1]);
  expect(new Set(whole.made).size).toBe(whole.made.length);
  expect(whole.tasks.every(([, tasks]) => tasks?.length === 1)).toBe(true);
  for (const phase of phases.keys()) {
    const { steps } = await play(phases, phase, Number.POSITIVE_INFINITY);
    expect(steps).toBeGreaterThan(10);
    for (let last = 1; last <= steps; last += 1) {
      const { village } = await play(phases, phase, last);
      expect([phase, last, stateOf(village)]).toEqual([phase, last, whole]);
    }
  }
});
