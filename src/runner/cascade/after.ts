/** After a task: its answer is kept where it may be given again, and what machines saw of its end is learned. */
import { whyNotCached } from "../../agent/cascade/cacheable.ts";
import type { Grade } from "../../agent/cascade/classify.ts";
import { aboutOf, beganAt, type Lesson, lessonOf } from "../../agent/cascade/learn.ts";
import { isPoor, qualityOf } from "../../agent/cascade/quality.ts";
import type { JournalLine } from "../../agent/journal.ts";
import { taints } from "../../agent/taint.ts";
import { lexicalVector } from "../../memory/lexical.ts";
import { redact } from "../../system/redact.ts";
import type { Outcome } from "../../task/task.ts";
import type { Setting } from "./setting.ts";

interface Ended {
  readonly outcome: Outcome;
  readonly lines: readonly JournalLine[];
}

/** Longer answers are not worth the room. */
const maxAnswer = 50_000;

/** Only what a model said in one go, without a tool, and well; nothing that strangers had a word in. */
export async function keepAnswer(
  setting: Setting,
  { outcome, lines, context }: Ended & { readonly context: string },
): Promise<void> {
  const { settings, task, principal } = setting;
  const { cache } = settings;
  if (cache === null || outcome.kind !== "done" || whyNotCached(task) !== null) return;
  const { answer } = outcome;
  const { text } = task.request;
  const byModel = lines.filter(({ kind }) => kind === "model-result");
  const isPlain = byModel.every(
    (line) => line.kind === "model-result" && line.toolCalls.length === 0 && !isOurs(line.model),
  );
  const wasRetried = lines.some(({ kind }) => kind === "retry" || kind === "note");
  if (!isPlain || byModel.length === 0 || wasRetried || answer.length > maxAnswer) return;
  if (lines.some(taints)) return;
  if (isPoor(qualityOf(text, answer))) return;
  const at = setting.now();
  const kept = { principal, context, text, answer, at, vector: lexicalVector(text) };
  const store = await setting.store();
  store.keep(kept, { max: cache.max, oldest: at - cache.ttlSeconds * 1000 });
}

/** The rule engine and the cascade itself: keeping theirs would make an old answer young. */
const isOurs = (model: string): boolean => /^(?:cache|documents|builtin)\//.test(model);

/** The line in the journal is written once: the same task is learned from once. */
export async function learnFrom(
  setting: Setting,
  { outcome, lines, append }: Ended & { readonly append: (lines: readonly JournalLine[]) => void },
): Promise<void> {
  const { settings, agent, task, principal, now } = setting;
  if (!settings.learn || (outcome.kind !== "done" && outcome.kind !== "failed")) return;
  const about = aboutOf(lines, agent.skills, gradeOf(setting, lines));
  if (about.length === 0) return;
  const key = `${task.id}#${lines.filter(({ kind }) => kind === "retry").length}`;
  const store = await setting.store();
  const ended = now();
  store.note({ key, principal, about, began: beganAt(lines) ?? ended, ended });
  const lesson = lessonOf(lines, about);
  if (lesson === null) return;
  // What failed is told to later tasks; in what words, only where they are the machine's own.
  const error = lesson.error === null || lines.some(taints) ? null : redact(lesson.error);
  const told: Lesson = { ...lesson, error };
  const isNew = store.learn(told, { key, principal, at: ended });
  if (!isNew) return;
  const why = `${told.ok ? "success" : "failure"} of ${told.about.join(", ")}`;
  const at = new Date(now()).toISOString();
  append([{ kind: "cascade", layer: "learn", verdict: "passed", why, at }]);
}

/** The grade whose model did the task; an escalation changed it. */
function gradeOf({ settings: { route } }: Setting, lines: readonly JournalLine[]): Grade | null {
  if (route === null) return null;
  const chosen = lines.findLast(
    (line) =>
      line.kind === "cascade" &&
      (line.layer === "route" || line.layer === "escalate") &&
      line.model !== undefined,
  );
  if (chosen?.kind !== "cascade") return null;
  const grades: readonly Grade[] = ["fast", "balanced", "strong"];
  return grades.find((grade) => route[grade] === chosen.model) ?? null;
}
