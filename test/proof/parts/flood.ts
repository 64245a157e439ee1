/**
 * The part `flood` of the proof: 10,000 tasks of people, agents and hostile users for 20 agents, some of them hostile, in
 * a booted container; at the end every task is accounted for.
 */
import { account, type Books, type Drop, type Found } from "../../soak/account.ts";
import {
  agents,
  dropAgain,
  dropAll,
  flooded,
  honest,
  openInboxes,
  prepareCrowd,
  sendsPerTask,
  spammer,
  wrecked,
} from "../../soak/crowd.ts";
import { agentsIn, drain, foundIn } from "../../soak/folders.ts";
import { most, type Sample, series } from "../../soak/samples.ts";
import { alongside, inside, linesOf, openScene, peakMemory, type Scene } from "../../soak/scene.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const full = 10_000;

interface Seen {
  readonly drops: readonly Drop[];
  readonly found: readonly Found[];
  readonly left: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  readonly peak: number | null;
  readonly again: Again;
  readonly failedUnits: string;
  readonly wreck: string;
}

const gather = ({ data, frontDesk }: Scene): Found[] =>
  agentsIn(data).flatMap((agent) => foundIn(data, agent, frontDesk));

interface Again {
  readonly dropped: number;
  /** Records of the very id, beyond the one that was there. */
  readonly ranTwice: number;
  /** Of the stranger who used the id: run as his own. */
  readonly ofStranger: number;
}

/** Tasks with known ids, twice by their sender and once by a stranger. */
async function comeAgain(scene: Scene, count: number): Promise<Again> {
  const agent = "t-a03";
  const ids = Array.from({ length: count }, (_, index) => {
    const tail = index.toString(16).padStart(12, "0");
    return {
      agent,
      key: `${Date.now()
        .toString(16)
        .padStart(12, "0")
        .replace(/^(.{8})/, "$1-")}-7000-8000-${tail}`,
    };
  });
  for (const who of ["trusted", "hostile", "trusted"] as const) {
    await dropAgain(scene, ids, who);
    await drain(scene.data, () => undefined);
  }
  const found = foundIn(scene.data, agent, scene.frontDesk);
  const of = (who: string) =>
    found.filter(({ id, from }) => from === who && ids.some(({ key }) => id.startsWith(key)));
  return {
    dropped: count,
    ranTwice: of("alice").length - count,
    ofStranger: of("mallory").length,
  };
}

async function flood(scene: Scene, context: PartContext): Promise<Seen> {
  const { progress, scale } = context;
  const total = Math.max(100, Math.round(full * scale));
  await openInboxes(scene.container);
  const output = await alongside(scene, "sampler", ["2000"]);
  const started = Date.now();
  const wreck = inside<object>(scene, "wreck", [wrecked, `${total / 10}`], `a-${wrecked}`);
  const drops = await dropAll(scene, total);
  progress(`${drops.length} tasks were dropped within ${secondsSince(started)} s`);
  const left = await drain(scene.data, progress);
  const seconds = secondsSince(started);
  const samples = await linesOf<Sample>(scene, output);
  const found = gather(scene);
  const argv = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "con*"];
  return {
    ...{ drops, found, left, seconds, samples, peak: peakMemory(scene) },
    again: await comeAgain(scene, Math.max(5, Math.round(50 * scale))),
    failedUnits: await scene.container.must(argv),
    wreck: JSON.stringify(await wreck),
  };
}

const secondsSince = (from: number): number => Math.round((Date.now() - from) / 100) / 10;

/** How long tasks of honest senders took, in seconds, in the flooded inbox and in the others. */
function waits(found: readonly Found[]) {
  const of = (isFlooded: boolean) =>
    found
      .filter(
        ({ agent, from }) =>
          honest.includes(from) && agents.includes(agent) && (agent === flooded) === isFlooded,
      )
      .map(({ receivedAt, finishedAt }) => (finishedAt - receivedAt) / 1000)
      .sort((a, b) => a - b);
  const [inFlood, elsewhere] = [of(true), of(false)];
  return {
    worst: inFlood.at(-1) ?? 0,
    median: inFlood[inFlood.length >> 1] ?? 0,
    elsewhere: elsewhere.at(-1) ?? 0,
  };
}

const none = (what: string, list: readonly string[]): Figure => ({
  ...{ what, value: list.length, target: "0", ok: list.length === 0 },
});

function booksOf(books: Books, seen: Seen): Figure[] {
  const sent = seen.found.filter(({ agent, from }) => agent === flooded && from === spammer).length;
  const senders = seen.drops.filter(({ key }) => key.startsWith("spam-")).length;
  const asked = senders * sendsPerTask;
  return [
    { what: "tasks dropped", value: books.dropped, ok: true },
    { what: "answered once", value: books.answered, ok: true },
    { what: "refused with a reason, file kept", value: books.refused, ok: true },
    none("dropped, and neither answered nor refused", books.missing),
    none("answered twice", books.twice),
    none("refused where an answer was due, or the other way round", books.wrong),
    none("records without a response, or with their file elsewhere", books.torn),
    { what: "tasks that agents sent", value: sent, target: `${asked}`, ok: sent === asked },
    { what: "still waiting at the end", value: seen.left, target: "0", ok: seen.left === 0 },
    {
      what: "of tasks that came again under their id, run again",
      ...{ value: seen.again.ranTwice, target: "0", ok: seen.again.ranTwice === 0 },
    },
  ];
}

function figuresOf(books: Books, seen: Seen): Figure[] {
  const { worst, elsewhere } = waits(seen.found);
  const ratio = elsewhere === 0 ? 0 : Math.round((100 * worst) / elsewhere) / 100;
  const settled = seen.found.length;
  const pss = most(series(seen.samples, null, "pss")) / 1024;
  const descriptors = most(series(seen.samples, null, "descriptors"));
  return [
    ...booksOf(books, seen),
    {
      what: "longest wait of an honest task in the flooded inbox, to the longest in the others",
      ...{ value: ratio, target: "at most 2", ok: ratio <= 2 },
    },
    { what: "longest wait there", value: Math.round(worst * 10) / 10, unit: "s", ok: true },
    { what: "from the first drop to the last answer", value: seen.seconds, unit: "s", ok: true },
    {
      what: "tasks settled",
      value: Math.round(settled / seen.seconds),
      unit: "per second",
      ok: true,
    },
    {
      what: "most memory of all processes at a time (PSS)",
      value: Math.round(pss),
      unit: "MiB",
      ok: true,
    },
    ...(seen.peak === null
      ? []
      : [
          {
            what: "most memory of the control group, caches too",
            value: Math.round(seen.peak / 2 ** 20),
            unit: "MiB",
            ok: true,
          },
        ]),
    { what: "most descriptors at a time", value: descriptors, ok: true },
    none("failed units", seen.failedUnits.split("\n").filter(Boolean)),
  ];
}

async function run(context: PartContext) {
  await using scene = await openScene(prepareCrowd);
  const seen = await flood(scene, context);
  const books = account(seen.drops, seen.found);
  const bad = [...books.missing, ...books.twice, ...books.wrong, ...books.torn];
  const notes = [
    "Hostile: one user floods one inbox with a third of all, and drops links, FIFOs, folders, files too large, half written, not UTF-8, with forged senders; the user of one agent fills its workspace, outbox, journal and queue; the tasks of one fork and write without end; one sends tasks to others.",
    `The wrecked agent: ${seen.wreck}`,
    `A stranger who used ${seen.again.dropped} ids of others: ${seen.again.ofStranger} tasks of his own.`,
    ...bad.slice(0, 20),
    ...seen.failedUnits.split("\n").filter(Boolean),
  ];
  return { figures: figuresOf(books, seen), notes };
}

export const part: Part = {
  name: "flood",
  claim:
    "In a flood with hostile agents and senders each task is answered or refused, once, and nobody starves.",
  run,
};
