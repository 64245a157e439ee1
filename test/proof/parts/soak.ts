/**
 * The part `soak` of the proof: half an hour of mixed load in a booted container, with SIGKILL to a process of ours every
 * few seconds; at the end every task is accounted for, nothing is left, and what is long-lived did not grow.
 */
import { account, type Books, type Drop, type Found } from "../../soak/account.ts";
import { type After, lookAfter } from "../../soak/after.ts";
import { agentsIn, drain, foundIn } from "../../soak/folders.ts";
import { prepareMixed, scheduled } from "../../soak/mixed.ts";
import { disk, most, type Sample, series } from "../../soak/samples.ts";
import { alongside, inside, linesOf, openScene, peakMemory, type Scene } from "../../soak/scene.ts";
import { type Point, slopeOf } from "../../soak/slope.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const fullSeconds = 30 * 60;
const leastSeconds = 20;
/** What a unit may grow by within the run, whatever its size. */
const leastMib = 1;
const leastDescriptors = 16;

interface Load {
  readonly sent: readonly Drop[];
  readonly ends: Readonly<Record<string, number>>;
  readonly strange: readonly string[];
}

interface Kill {
  readonly unit: string;
  readonly command: string;
}

interface Seen {
  readonly load: Load;
  readonly found: readonly Found[];
  readonly left: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  readonly kills: readonly Kill[];
  readonly peak: number | null;
  readonly after: After;
}

async function soak(scene: Scene, context: PartContext): Promise<Seen> {
  const { progress, seed, scale } = context;
  const { container, data, frontDesk } = scene;
  const seconds = Math.max(leastSeconds, Math.round(fullSeconds * scale));
  const output = await alongside(scene, "sampler", ["2000"]);
  const killed = await alongside(scene, "killer", [`${seed}`, `${seconds}`]);
  const started = Date.now();
  const timer = setInterval(
    () => progress(`${Math.round((Date.now() - started) / 1000)} of ${seconds} s`),
    30_000,
  );
  const load = await inside<Load>(scene, "load", [`${seed}`, `${seconds}`]);
  clearInterval(timer);
  const samples = await linesOf<Sample>(scene, output);
  const schedule = `con@${scheduled}.timer`;
  await container.must(["systemctl", "stop", "soak-sampler", schedule]);
  const left = await drain(data, progress);
  await container.must(["systemctl", "start", schedule]);
  const after = await lookAfter(scene);
  const found = agentsIn(data).flatMap((agent) => foundIn(data, agent, frontDesk));
  const kills = await linesOf<Kill>(scene, killed);
  return { load, found, left, seconds, samples, kills, peak: peakMemory(scene), after };
}

const none = (what: string, list: readonly string[]): Figure => ({
  ...{ what, value: list.length, target: "0", ok: list.length === 0 },
});

const round = (value: number): number => Math.round(value * 10) / 10;

function flat(what: string, points: readonly Point[], unit: string): Figure {
  const slope = slopeOf(points, unit === "" ? leastDescriptors : leastMib);
  if (slope === null)
    return { what: `${what}: too few samples for a slope`, value: points.length, ok: true };
  const { mean, perHour, bound, rises } = slope;
  const value = `${round(mean)} ${unit} in the mean, ${round(perHour * 100)} ± ${round(bound * 100)} % an hour`;
  return { what, value, target: "no sure rise", ok: !rises };
}

/** The units that live long; `null` is all that is the system's. */
const longLived = [null, "init", "systemd-journald", "dbus", "con-gateway"] as const;

function flatness({ samples, kills }: Seen): Figure[] {
  const mib = (points: readonly Point[]) =>
    points.map(({ at, value }) => ({ at, value: value / 1024 }));
  const ofUnits = longLived.flatMap((unit) => {
    const name = unit ?? "all processes";
    const memory = mib(series(samples, unit, "anon"));
    if (memory.length === 0) return [];
    return [
      flat(`${name}: memory of its own`, memory, "MiB"),
      flat(`${name}: descriptors`, series(samples, unit, "descriptors"), ""),
    ];
  });
  const journal = most(disk(samples, "journal")) / 1024;
  return [
    ...ofUnits,
    flat("/run", mib(disk(samples, "run")), "MiB"),
    {
      what: "journal on disk, at most",
      value: round(journal),
      unit: "MiB",
      target: "at most 208",
      ok: journal <= 208,
    },
    { what: "kills", value: kills.length, ok: kills.length > 0 },
  ];
}

function growth({ samples, found }: Seen): Figure[] {
  const grown = (of: "data" | "inodes" | "state"): number => {
    const points = disk(samples, of);
    return (points.at(-1)?.value ?? 0) - (points[0]?.value ?? 0);
  };
  const each = (of: "data" | "inodes" | "state") => round(grown(of) / Math.max(1, found.length));
  return [
    { what: "kept under /srv/con for a task", value: each("data"), unit: "KiB", ok: true },
    { what: "inodes under /srv/con for a task", value: each("inodes"), ok: true },
    { what: "grown under /var/lib/con", value: grown("state"), unit: "KiB", ok: true },
    {
      what: "most memory of all processes at a time (PSS)",
      value: round(most(series(samples, null, "pss")) / 1024),
      unit: "MiB",
      ok: true,
    },
    {
      what: "most descriptors at a time",
      value: most(series(samples, null, "descriptors")),
      ok: true,
    },
  ];
}

function booksOf(books: Books, seen: Seen): Figure[] {
  const { after } = seen;
  const given = seen.found.filter(({ status }) => status === "failed").length;
  return [
    { what: "load", value: seen.seconds, unit: "s", ok: true },
    { what: "tasks sent", value: books.dropped, ok: true },
    { what: "answered once", value: books.answered, ok: true },
    { what: "further tasks, of schedules and agents", value: books.others, ok: true },
    { what: "of all, given up after too many kills", value: given, ok: true },
    none("sent, and not answered", books.missing),
    none("answered twice", books.twice),
    none("refused", books.wrong),
    none("records without a response, or with their file elsewhere", books.torn),
    { what: "still waiting at the end", value: seen.left, target: "0", ok: seen.left === 0 },
    none("commands that ended as none may", seen.load.strange),
    none("failed units", after.failedUnits),
    none("temporary agents left", after.children),
    none("processes left", after.processes),
    none("drift", after.drift === "" ? [] : [after.drift]),
    none("broken chains of logs", after.chains === "" ? [] : [after.chains]),
  ];
}

const counted = (words: readonly string[]): string =>
  [...Map.groupBy(words, (word) => word)]
    .map(([word, all]) => `${word} ${all.length}`)
    .sort()
    .join(", ");

async function run(context: PartContext) {
  await using scene = await openScene(prepareMixed);
  const seen = await soak(scene, context);
  const books = account(seen.load.sent, seen.found);
  const { after, load, kills } = seen;
  const errors = seen.found.flatMap(({ status, error }) =>
    status === "failed" ? [error ?? ""] : [],
  );
  const notes = [
    "Slope: least squares over the means of 12 blocks of the last four fifths, with the two-sided 95 % bound by Student's t. A rise is sure when the slope less its bound is above 0 and the rise within the run is above 5 % of the mean, 1 MiB, and 16 descriptors. Memory: anonymous, proportional (Pss_Anon).",
    `Kills: ${counted(kills.map(({ unit, command }) => `${unit} (${command})`))}`,
    `Commands: ${Object.entries(load.ends)
      .map(([how, times]) => `${how} (${times})`)
      .sort()
      .join(", ")}`,
    `Held at the end: ${after.held.trim() || "nobody"}`,
    ...(errors.length > 0 ? [`Failed: ${counted(errors)}`] : []),
    ...[...books.missing, ...books.twice, ...books.wrong, ...books.torn].slice(0, 20),
    ...[...load.strange, ...after.failedUnits, ...after.children, ...after.processes].slice(0, 20),
    ...[after.drift, after.chains].filter(Boolean),
  ];
  return { figures: [...booksOf(books, seen), ...flatness(seen), ...growth(seen)], notes };
}

export const part: Part = {
  name: "soak",
  claim:
    "Under mixed load with processes of ours killed at random, each task is answered once, and nothing grows.",
  run,
};
