/**
 * More money for a task: whether people are asked, what they are asked, and what follows when they agree.
 *
 * The asker names a task and a number of slices; that people are asked at all, what a slice is, how many people it
 * takes and how long they have is the manifest as root compiled it. What was allowed is told to the gateway by root,
 * which keeps the sums, before the asker hears of it. Told again after a crash it is the same: the number stands for all
 * slices of that task. Never: allows anything for a task of an agent that is not the asker or above it.
 */
import { defaultExpirySeconds, spendTool } from "../../config/spend.ts";
import type { Requester } from "../policy.ts";
import type { SpendWish, StewardRequest } from "../types.ts";
import { type Deed, done, type Ended, isDeed, refused } from "../verb.ts";
import type { StewardWorld } from "../world.ts";
import { askingAgent, begun, hold, type Terms } from "./hold.ts";
import { lookAll } from "./look.ts";
import type { SpendSubject } from "./types.ts";

/** In all, of one task: beyond that a limit is none. */
const maxSlices = 100;

type Question = Extract<StewardRequest, { readonly verb: "ask_approval" }>;

export async function askToSpend(
  world: StewardWorld,
  request: Question,
  by: Requester,
  id: string,
): Promise<Deed> {
  const asker = askingAgent(world, by);
  if (isDeed(asker)) return asker;
  const { spend, task, call, preview: about } = request;
  if (spend === undefined) return refused("spend: what is to be spent is missing: ask a person");
  const limit = limitOf(world, asker.name, request.task, spend);
  if (typeof limit === "string") return refused(limit);
  if (spend.slice > maxSlices)
    return refused(`more than ${maxSlices} times its limit is allowed to no task: raise the limit`);
  const subject = { ...subjectOf(world, spend, limit), waiting: { task, call }, about };
  if (spend.slice <= subject.allowed) return allowAgain(world, subject);
  const terms = termsOf(world, spend.agent);
  return hold(world, { ...begun(world, id, by, asker.name, terms, request.expires), subject });
}

/** One slice, or why nobody is asked about it. */
function limitOf(
  world: StewardWorld,
  asker: string,
  waiting: string,
  wish: SpendWish,
): number | string {
  if (!world.spending.hasTask(asker, waiting)) return `${asker} has no task ${waiting} at work`;
  if (!isFor(world, asker, waiting, wish))
    return `task ${wish.task} of ${wish.agent} is not ${asker}'s to ask for`;
  const limit = limitNow(world, wish);
  return limit ?? `what tasks of ${wish.agent} spend waits for nobody: see its manifest`;
}

/** Its own task that waits, or the one for which an agent above it waits. */
function isFor(
  world: StewardWorld,
  asker: string,
  waiting: string,
  { agent, task }: SpendWish,
): boolean {
  if (agent === asker) return task === waiting;
  return world.spending.payersOf(asker).some((one) => one.name === agent && one.task === task);
}

function limitNow(
  world: StewardWorld,
  { agent, unit }: Pick<SpendWish, "agent" | "unit">,
): number | null {
  const budget = world.runtime(agent)?.budget;
  return (unit === "usd" ? budget?.askUsdPerTask : budget?.askTokensPerTask) ?? null;
}

/** Whoever's limit it is says who may lift it. */
const termsOf = (world: StewardWorld, agent: string): Terms =>
  world.runtime(agent)?.approval.find(({ tool }) => tool === spendTool) ?? {
    approvers: 1,
    expirySeconds: defaultExpirySeconds,
  };

function subjectOf(
  world: StewardWorld,
  wish: SpendWish,
  limit: number,
): Omit<SpendSubject, "waiting" | "about"> {
  const { agent, task, unit, slice } = wish;
  const allowed = allowedBefore(world, wish, limit);
  const amount = limit * Math.max(0, slice - allowed);
  const beyond = limit * (1 + allowed);
  return { kind: "spend", agent, task, unit, limit, allowed, slice, amount, beyond };
}

/** As far as it is remembered here; people are asked about too much sooner than about too little. */
function allowedBefore(
  world: StewardWorld,
  { agent, task, unit }: SpendWish,
  limit: number,
): number {
  const slices = lookAll(world).flatMap(({ state, subject }) => {
    const isSame = subject.kind === "spend" && subject.agent === agent && subject.task === task;
    const counts = isSame && subject.unit === unit && subject.limit === limit;
    return counts && state === "approved" ? [subject.slice] : [];
  });
  return Math.max(0, ...slices);
}

/** People agreed to it before, for another agent below the same task, or before a ledger was lost. */
async function allowAgain(world: StewardWorld, subject: SpendSubject): Promise<Deed> {
  const trouble = await tell(world, subject);
  return trouble === null ? done(["people agreed to it before"], null) : failed(trouble);
}

/** Null where nothing is in the way. Throws `ConError` 75 while the gateway is away. */
const tell = (
  world: StewardWorld,
  { agent, task, unit, slice }: SpendSubject,
): Promise<string | null> => world.spending.allow({ agent, task, unit, slices: slice });

/** What was approved is done: `words` say by whom. People agreed to an amount, the gateway counts slices. */
export async function allowSpending(
  world: StewardWorld,
  subject: SpendSubject,
  words: string,
): Promise<Ended> {
  const { agent, unit, limit } = subject;
  const trouble =
    limitNow(world, subject) === limit
      ? await tell(world, subject)
      : `the limit of ${agent} is no longer ${limit} ${unit}: con retry asks anew`;
  if (trouble !== null) return failed(`${words}, but ${trouble}`);
  return { status: "done", error: null, changes: [words], undo: null };
}

const failed = (error: string): Ended => ({ status: "failed", error, changes: [], undo: null });
