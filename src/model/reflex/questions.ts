/**
 * Recognises short questions. Pure; every pattern is anchored and linear.
 *
 * A question fits a topic when it has one of the topic's words and nothing but words that are known
 * there. One strange word ("not", "delete", "invoice") and it does not fit: this engine would rather
 * say that it does not understand than answer something else.
 */
import type { Found } from "./rule.ts";

/** Longer texts are about more than one of these things. */
const maxQuestion = 160;

/** The words of a short text in lower case; none for a long one. */
function wordsOf(text: string): string[] {
  const line = text.trim();
  if (line === "" || line.length > maxQuestion) return [];
  return line
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/\b(what|who|how|it|that)'s\b/g, "$1 is")
    .split(/[^\p{L}\p{N}'%/-]+/u)
    .filter((word) => word !== "");
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words that change nothing about what is asked. */
const filler =
  set(`a an the of in on at for from to this that these those my our your me us i we you
  it they please pls kindly can could would will may want like know tell show give get list report say
  print check see look what which who how is are be do does have has had there here and with all any
  every each now right currently today moment much many hi hello hey dear thanks thank system machine
  server computer box host conspiracy con quickly brief briefly short current exactly just also then`);

interface Topic {
  readonly about: ReadonlySet<string>;
  readonly also: ReadonlySet<string>;
}

const agentsTopic: Topic = {
  about: set("agents agent bots colleagues"),
  also: set(`running run active available alive online working work exist existing installed configured
    name names named called purpose purposes role roles description descriptions describe doing status
    state states job jobs their other else idle busy waiting tier tiers about number live task`),
};

const statusTopic: Topic = {
  about: set("status health healthy state condition overview"),
  also: set("overall general everything things summary healthcheck doing running whole"),
};

const measureTopics: Readonly<Record<string, ReadonlySet<string>>> = {
  disk: set("disk disks storage filesystem filesystems drive"),
  memory: set("memory ram mem swap"),
  load: set("load cpu processor"),
  uptime: set("uptime"),
  time: set("time date clock day"),
};

const measureWords =
  set(`free used usage use available left full average averages size total big busy
  high low percent % utilization utilisation capacity amount enough space figures numbers`);

const fits = (words: readonly string[], { about, also }: Topic): boolean =>
  words.some((word) => about.has(word)) &&
  words.every((word) => about.has(word) || also.has(word) || filler.has(word));

const phrase = (text: string): string => wordsOf(text).join(" ");

const place = "(?: (?:in|on|of) (?:this|the|your) (?:conspiracy|system|machine|server))?";
const when = "(?: (?:now|right now|currently|today|here|at the moment))?";

const whoIsThere = new RegExp(
  `^who (?:else )?(?:is|are) (?:there|here|running|around|online|active|available|working|in this conspiracy|in the system|in this system)${place}${when}$`,
);
const whatRuns = new RegExp(`^what is (?:currently )?running${place}${when}$`);

export function asksForAgents(text: string): Found | null {
  const asked = phrase(text);
  const yes = fits(wordsOf(text), agentsTopic) || whoIsThere.test(asked) || whatRuns.test(asked);
  return yes ? {} : null;
}

const isAllWell =
  /^(?:is|are) (?:everything|all|things|it|(?:the|this|your) (?:system|machine|server|conspiracy)) (?:ok|okay|fine|alright|well|good|healthy|up|running|working)$/;
const howIsIt =
  /^how (?:is|are) (?:everything|things|(?:the|this|your) (?:system|machine|server|conspiracy))(?: (?:doing|going|today|now|running))?$/;

export function asksForStatus(text: string): Found | null {
  const asked = phrase(text);
  const yes = fits(wordsOf(text), statusTopic) || isAllWell.test(asked) || howIsIt.test(asked);
  return yes ? {} : null;
}

const howLongUp =
  /^(?:(?:since when|how long) (?:is|has) (?:this|the|your) (?:system|machine|server|computer) (?:been )?(?:up|running|on)|how long (?:are|have) you (?:been )?(?:up|running))$/;
const howMuchSpace =
  /^how much (?:free )?space (?:is (?:there )?|do (?:we|you|i) have )?(?:left|free|available)?$/;

/** Which figures are asked for, as a list with commas. */
export function asksForFigures(text: string): Found | null {
  const asked = phrase(text);
  if (howLongUp.test(asked)) return { figures: "uptime" };
  if (howMuchSpace.test(asked)) return { figures: "disk" };
  const words = wordsOf(text);
  const figures = Object.entries(measureTopics).filter(([, about]) =>
    words.some((word) => about.has(word)),
  );
  const about = new Set(figures.flatMap(([, known]) => [...known]));
  if (!fits(words, { about, also: measureWords })) return null;
  return { figures: figures.map(([name]) => name).join(",") };
}

export function isScheduledRun(text: string): Found | null {
  return text.trim() === "Scheduled run: do your periodic work." ? {} : null;
}

const helpPhrase =
  /^(?:help(?: me)?|commands|introduce yourself|(?:who|what) are you|what do you do|how do you work|how can you help(?: me)?|what can (?:you|i) (?:do|ask|ask you)(?: for me| here)?|what can you help (?:me )?with|what are your (?:abilities|capabilities|commands|skills|tools)|what (?:tools|commands|abilities) do you (?:have|know|understand))$/;

export const asksForHelp = (text: string): Found | null =>
  helpPhrase.test(phrase(text).replace(/^(?:hi|hello|hey|please) /, "")) ? {} : null;

const greetingWords = set(`hi hello hey greetings good morning evening afternoon moin welcome there
  everybody all thanks thank you very much many dear how are today`);
const greetingStart = set("hi hello hey greetings good moin welcome thanks thank");

export function isGreeting(text: string): Found | null {
  const words = wordsOf(text);
  const yes = greetingStart.has(words[0] ?? "") || words.join(" ").startsWith("how are you");
  return yes && words.length <= 6 && words.every((word) => greetingWords.has(word)) ? {} : null;
}
