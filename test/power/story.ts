/** Boots the machine again and again, lets the power fail in each boot, and holds what is found against what was promised. */
import { join } from "node:path";
import { createRandom } from "../fuzz/support/random.ts";
import type { PartContext } from "../proof/part.ts";
import { troubleOf } from "./filesystem.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Durable, Line, State } from "./lines.ts";
import { bootUntilEnd, type Ended, type Power } from "./machine.ts";

/** Three boots of four are cut while tasks flow, one while it recovers from the cut before. */
const whileRecovering = 4;
/** In writes from the first durable task; a task costs about fifty. */
const feedingWrites = 1200;
/** In writes from the kernel's first; a boot costs several hundred. */
const recoveringWrites = 500;
const limitMs = 1_200_000;

export interface Cut {
  readonly number: number;
  readonly ended: Ended;
  readonly where: "feeding" | "recovering";
  readonly filesystem: string | null;
}

export interface Story {
  readonly cuts: readonly Cut[];
  readonly verdicts: readonly { readonly boot: number; readonly verdict: Verdict }[];
  readonly durable: number;
  readonly limits: readonly Line[];
  /** Boots that came to nothing, and why. */
  readonly troubles: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** What is known so far, of all boots. */
interface Telling {
  readonly context: PartContext;
  readonly random: () => number;
  readonly drops: Map<string, string>;
  readonly durable: Durable[];
  readonly story: Mutable<Omit<Story, "durable">>;
}

export async function tell(context: PartContext, count: number): Promise<Story> {
  const dice = createRandom(context.seed);
  const telling: Telling = {
    context,
    random: () => dice.int(1_000_000_000) / 1_000_000_000,
    drops: new Map(),
    durable: [],
    story: { cuts: [], verdicts: [], limits: [], troubles: [] },
  };
  const { story } = telling;
  for (let number = 0; number < count && story.troubles.length === 0; number += 1) {
    await cutOne(telling, number, count);
  }
  if (story.troubles.length === 0) await look(telling, count);
  return { ...story, durable: telling.durable.length };
}

async function cutOne(telling: Telling, number: number, count: number): Promise<void> {
  const { context, random, durable, story } = telling;
  const { directory, progress } = context;
  // The first boot makes the agents; there is nothing to recover yet.
  const isEarly = number > 0 && random() < 1 / whileRecovering;
  const after = 1 + Math.floor(random() * (isEarly ? recoveringWrites : feedingWrites));
  const before = durable.length;
  const ended = await bootUntilEnd({
    ...{ directory, number, random, limitMs, mode: "feed", early: isEarly ? after : null },
    line: (line: Line, power: Power) => {
      hear(telling, number, line);
      if (line.kind === "feeding") power.failAfter(after);
    },
  });
  if (ended.how !== "cut") story.troubles.push(`boot ${number}: ended: ${ended.how}`);
  const filesystem = troubleOf(join(directory, "disk"), join(directory, "copy"));
  const where = isEarly ? "recovering" : "feeding";
  const { writes, flushes, lost, seconds } = ended;
  story.cuts.push({ number, ended, where, filesystem });
  progress(
    `cut ${number + 1} of ${count} while ${where}: ${writes} writes, ${flushes} flushes, ${lost.lost} of ${lost.open} blocks lost, ${durable.length - before} more tasks durable, ${seconds} s; file system: ${filesystem ?? "whole"}`,
  );
}

/** The last boot drops nothing: it waits, looks, shows limits and switches off. */
async function look(telling: Telling, number: number): Promise<void> {
  const { context, random, story } = telling;
  const ended = await bootUntilEnd({
    ...{ directory: context.directory, number, random, limitMs, mode: "limits", early: null },
    line: (line: Line) => hear(telling, number, line),
  });
  if (ended.how !== "off") story.troubles.push(`boot ${number}: ended: ${ended.how}`);
}

function hear({ context, drops, durable, story }: Telling, number: number, line: Line): void {
  const { progress } = context;
  if (line.kind === "booted" || line.kind === "feeding") progress(`boot ${number}: ${line.kind}`);
  else if (line.kind === "drop") drops.set(line.drop, line.agent);
  else if (line.kind === "durable") durable.push(line);
  else if (line.kind === "trouble") story.troubles.push(`boot ${number}: ${line.why}`);
  else if (line.kind === "state")
    story.verdicts.push(judged(number, { drops, durable }, line, progress));
  else if (line.kind !== "end") story.limits.push(line);
}

function judged(
  boot: number,
  promised: Parameters<typeof judge>[0],
  state: State,
  progress: (line: string) => void,
) {
  const verdict = judge(promised, state);
  const bad = [...verdict.lost, ...verdict.twice, ...verdict.damaged];
  progress(
    `boot ${boot}: ${verdict.ended} ended, ${bad.length} findings${bad.length > 0 ? `: ${bad.slice(0, 5).join("; ")}` : ""}`,
  );
  return { boot, verdict };
}
