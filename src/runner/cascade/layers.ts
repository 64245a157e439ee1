/** The layers in their order, as far as they are switched on. Each looks at the task and says what it saw. */
import {
  type Asked,
  isAlike,
  isSame,
  whyNotCached,
  whyNotLiked,
} from "../../agent/cascade/cacheable.ts";
import { augmentText, directAnswer, type Ranked, useOf } from "../../agent/cascade/chunks.ts";
import { classify } from "../../agent/cascade/classify.ts";
import { raised, warningsOf } from "../../agent/cascade/learn.ts";
import type { LayerStep, Tried } from "../../agent/cascade/look.ts";
import { tellingWords, wordsOf } from "../../agent/cascade/words.ts";
import { lexicalVector } from "../../memory/lexical.ts";
import type { Turn } from "../../system/turns.ts";
import { readable } from "../../tools/files/reach.ts";
import { lookedAt } from "../../tools/files/strangers.ts";
import { agentAt, filePolicy } from "../policy.ts";
import { cosine, search } from "./documents.ts";
import { blameOf, turnsFor } from "./outcomes.ts";
import { lookByRules } from "./rules.ts";
import type { Setting } from "./setting.ts";

export interface Ways {
  readonly context: string;
  readonly usable: (alias: string) => boolean;
}

export function stepsOf(setting: Setting, ways: Ways): LayerStep[] {
  const { reflex, cache, documents, route, learn } = setting.settings;
  const { task, tools } = setting;
  const turns = learn ? turnsFor(setting) : [];
  return [
    ...(turns.length > 0 ? [{ layer: "learn", look: () => heed(setting, turns) } as const] : []),
    ...(reflex ? [{ layer: "reflex", look: () => lookByRules(task, tools) } as const] : []),
    ...(cache?.exact === true
      ? [{ layer: "exact", look: () => lookExact(setting, ways, cache.ttlSeconds) } as const]
      : []),
    ...(cache !== null && cache.semantic !== null
      ? [{ layer: "semantic", look: () => lookAlike(setting, ways, cache) } as const]
      : []),
    ...(documents === null
      ? []
      : [{ layer: "documents", look: () => lookUp(setting, documents) } as const]),
    ...(route === null
      ? []
      : [{ layer: "route", look: () => choose(setting, ways, route) } as const]),
    ...(learn ? [{ layer: "warnings", look: () => warn(setting) } as const] : []),
  ];
}

type Cache = NonNullable<Setting["settings"]["cache"]>;
type Documents = NonNullable<Setting["settings"]["documents"]>;
type Route = NonNullable<Setting["settings"]["route"]>;

const askedOf = (
  { principal, task, now }: Setting,
  context: string,
  ttlSeconds: number,
): Asked => ({
  ...{ principal, context, ttlSeconds },
  text: task.request.text,
  now: now(),
});

const age = (at: number, now: number): string =>
  `${Math.max(0, Math.round((now - at) / 1000))} s ago`;

async function lookExact(setting: Setting, { context }: Ways, ttl: number): Promise<Tried> {
  const why = whyNotCached(setting.task);
  if (why !== null) return { verdict: "skipped", why };
  const asked = askedOf(setting, context, ttl);
  const store = await setting.store();
  const kept = store.exact(asked.principal, context, asked.text);
  if (kept === null || !isSame(kept, asked))
    return { verdict: "miss", why: "no answer to this text is kept" };
  return {
    verdict: "hit",
    why: `the same text was answered ${age(kept.at, asked.now)}`,
    answer: { text: kept.answer, toolCalls: [], model: "cache/exact" },
  };
}

async function lookAlike(setting: Setting, { context }: Ways, cache: Cache): Promise<Tried> {
  const { text } = setting.task.request;
  const why = whyNotCached(setting.task) ?? whyNotLiked(text);
  if (why !== null) return { verdict: "skipped", why };
  const asked = askedOf(setting, context, cache.ttlSeconds);
  const store = await setting.store();
  const vector = lexicalVector(text);
  const likeness = store
    .answers(asked.principal, context)
    .map((kept) => ({ kept, score: cosine(kept.vector, vector) }))
    .sort((a, b) => b.score - a.score);
  const best = likeness[0];
  if (best === undefined) return { verdict: "miss", why: "no answer is kept" };
  const found = likeness.find(({ kept, score }) =>
    isAlike(kept, asked, score, cache.semantic ?? 1),
  );
  if (found === undefined)
    return { verdict: "miss", why: "no kept text is like it enough", score: rounded(best.score) };
  return {
    verdict: "hit",
    why: `a text like it was answered ${age(found.kept.at, asked.now)}`,
    score: rounded(found.score),
    answer: { text: found.kept.answer, toolCalls: [], model: "cache/semantic" },
  };
}

const rounded = (score: number): number => Math.round(score * 1000) / 1000;

async function lookUp(setting: Setting, documents: Documents): Promise<Tried> {
  const { task, agent, now, paths } = setting;
  const { text, doneWhen, attachments, replyTo } = task.request;
  if (replyTo !== null) return { verdict: "skipped", why: "it is an answer" };
  const files = filePolicy(agentAt(agent, now()), paths);
  const reach = readable(files);
  const store = await setting.store();
  const ranked = search({ store, reach, directories: documents.paths }, text);
  const mayAnswer = (best: Ranked): boolean =>
    task.trust === "verified" &&
    doneWhen === null &&
    attachments.length === 0 &&
    whyNotLiked(text) === null &&
    saysAll(best, text);
  const use = useOf(ranked, documents, mayAnswer);
  const score = rounded(ranked[0]?.score ?? 0);
  switch (use.kind) {
    case "nothing":
      return { verdict: "miss", why: "nothing in the documents is near", score };
    case "augment":
      return {
        verdict: "passed",
        why: `${use.chunks.length} pieces go along: ${use.chunks.map(({ path }) => path).join(", ")}`,
        score,
        section: {
          heading: "Pieces of documents that may be about the task, found by their words",
          text: augmentText(use.chunks),
          ...(use.chunks.some(({ path }) => lookedAt(files, path) !== "own")
            ? { untrusted: true }
            : {}),
        },
      };
    case "answer":
      return {
        verdict: "hit",
        why: `${use.chunk.path} answers it`,
        score,
        answer: { text: directAnswer(use.chunk), toolCalls: [], model: "documents/answer" },
      };
  }
}

/** Numbers and words that turn a meaning round stand in it as well. */
function saysAll({ heading, text }: Ranked, question: string): boolean {
  const known = new Set(wordsOf(`${heading}\n${text}`));
  return tellingWords(question).every((word) => known.has(word));
}

async function choose(setting: Setting, { usable }: Ways, route: Route): Promise<Tried> {
  const { task, settings, principal, agent } = setting;
  const { grade, why, score } = classify(task.request.text);
  const past = settings.learn ? (await setting.store()).past(principal) : [];
  const raisedTo = raised(grade, past);
  const said = raisedTo === grade ? why : `${why}; ${grade} failed lately, so ${raisedTo}`;
  const model = route[raisedTo];
  if (!usable(model))
    return { verdict: "skipped", why: `${said}: its grant for ${model} is over`, score };
  if (model === agent.model)
    return { verdict: "passed", why: `${said}: its own model`, score, model };
  return { verdict: "hit", why: `${said}: ${raisedTo}`, score, model };
}

/** Before anything asks how tasks ended. */
async function heed(setting: Setting, turns: readonly Turn[]): Promise<Tried> {
  const store = await setting.store();
  const blamed = turns.flatMap((turn) => {
    const about = store.blame(blameOf(turn), setting.now());
    return about.length === 0 ? [] : [`${turn.contract}: ${[...new Set(about)].join(", ")}`];
  });
  if (blamed.length === 0) return { verdict: "miss", why: "contracts say nothing new of tasks" };
  return { verdict: "passed", why: `failures by contracts: ${blamed.join("; ")}`.slice(0, 500) };
}

/** Words of a skill's name in the text, or a description that is near to it. */
async function warn(setting: Setting): Promise<Tried> {
  const { text } = setting.task.request;
  const past = (await setting.store()).past(setting.principal);
  const words = new Set(wordsOf(text));
  const vector = lexicalVector(text);
  const isNear = (name: string): boolean => {
    const skill = setting.agent.skills.find((one) => one.name === name);
    if (skill === undefined) return false;
    const named = name.split("-").every((part) => words.has(part));
    return named || cosine(lexicalVector(skill.description), vector) >= 0.35;
  };
  const known = new Set(setting.agent.skills.map(({ name }) => `skill:${name}`));
  const lines = warningsOf(
    past.filter(({ about }) => known.has(about)),
    isNear,
  );
  if (lines.length === 0) return { verdict: "miss", why: "no skill failed lately" };
  return {
    verdict: "passed",
    why: lines.join(" ").slice(0, 500).toWellFormed(),
    section: {
      heading: "Skills that failed lately, by exit codes, checks and contracts",
      text: lines.join("\n"),
    },
  };
}
