/**
 * Which kind of model a task needs, by its words. Pure: additive scores, so that each of them can be explained.
 *
 * Never: asks anybody. Who is in doubt gets the middle.
 */
import { wordsOf } from "./words.ts";

export type Grade = "fast" | "balanced" | "strong";

export interface Class {
  readonly grade: Grade;
  readonly kind: "programming" | "analysis" | "factual" | "simple" | "chat";
  /** Of its kind's decision. */
  readonly score: number;
  readonly why: string;
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const programmingWords =
  set(`program code coding script function refactor debug bug bugfix compile implement
  unittest regex algorithm repository patch commit stacktrace typescript javascript python rust golang sql bash
  programmiere skript`);
const intentWords =
  set(`write create build make develop fix add change extend migrate deploy install update
  configure design test schreibe erstelle baue`);
const technicalWords =
  set(`api server database docker container kubernetes linux systemd nginx http json yaml
  html css frontend backend library framework cluster schema endpoint service daemon kernel cli endpoint`);
const actionWords =
  set(`send delete remove move copy rename run execute start stop restart deploy publish pay
  book order buy cancel approve grant revoke commission retire spawn schedule remember forget upload download
  notify email mail ask tell write create build make install update change fix add set enable disable
  sende lösche starte stoppe schreibe`);
const analyticWords =
  set(`analyze analyse compare evaluate assess review investigate summarize summarise explain
  why reason recommend estimate plan research examine audit critique analysiere vergleiche bewerte prüfe warum`);
const greetings =
  set(`hi hello hey thanks thank good morning evening afternoon you bye ok okay great hallo danke
  moin guten tag`);

const count = (words: readonly string[], known: ReadonlySet<string>): number =>
  new Set(words.filter((word) => known.has(word))).size;

interface Signals {
  readonly programming: number;
  readonly analysis: number;
  readonly keywords: number;
  readonly actions: number;
  readonly analytic: number;
}

function signalsOf(text: string, words: readonly string[]): Signals {
  const keywords = count(words, programmingWords);
  const technical = count(words, technicalWords);
  const actions = count(words, actionWords);
  const analytic = count(words, analyticWords);
  const programming =
    (keywords === 0 ? 0 : Math.max(5, 3 * keywords)) +
    (/```|[;{}]\s*$|=>|\(\)/m.test(text) ? 5 : 0) +
    (technical > 0 && count(words, intentWords) > 0 ? 5 : 0) +
    (technical >= 2 ? Math.min(2 * technical, 6) : 0);
  const analysis =
    (/https?:\/\//.test(text) ? 2 : 0) +
    2 * actions +
    2 * analytic +
    (words.length > 15 ? 1 : 0) +
    ((text.match(/[,.;](?:\s|$)/g) ?? []).length >= 2 ? 1 : 0);
  return { programming, analysis, keywords, actions, analytic };
}

const shortQuestion = 80;

export function classify(text: string): Class {
  const words = wordsOf(text);
  const { programming, analysis, keywords, actions, analytic } = signalsOf(text, words);
  const because = (kind: string, score: number): string =>
    `${kind}, ${score} points (${keywords} programming, ${actions} action and ${analytic} analytic words)`;
  const as = (grade: Grade, kind: Class["kind"], score: number): Class => ({
    ...{ grade, kind, score },
    why: because(kind, score),
  });
  if (programming >= 5 && (analytic === 0 || keywords > 0))
    return as("strong", "programming", programming);
  if (analysis >= 2) return as("balanced", "analysis", analysis);
  if (words.length > 0 && words.length <= 4 && words.every((word) => greetings.has(word)))
    return as("fast", "simple", analysis);
  if (text.length < shortQuestion && text.trim().endsWith("?"))
    return as("fast", "factual", analysis);
  return as("balanced", "chat", analysis);
}

/** It asks for something to be done, or for a program. */
export function asksToAct(text: string): boolean {
  const words = wordsOf(text);
  return classify(text).kind === "programming" || count(words, actionWords) > 0;
}

const timely =
  set(`now today tonight tomorrow yesterday current currently latest newest recent recently live
  status time date clock day week month year hour minute moment again still yet already last next new news
  weather price uptime jetzt heute gestern morgen aktuell`);

/** What was true a while ago may be no answer any more. */
export const asksForNow = (text: string): boolean => count(wordsOf(text), timely) > 0;
