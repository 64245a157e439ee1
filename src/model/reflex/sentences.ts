/**
 * Recognises short orders and takes out what they name: a command, a path, a text, an agent. Pure.
 *
 * An order stands at the beginning of the task, so that "do not run rm" is none. What is taken out is
 * used as it was written, never cut and never mended.
 */
import type { Found } from "./rule.ts";

/** A longer text is no short order; cutting it would change what is done. */
export const maxOrder = 4000;

const politeness =
  /^(?:please|kindly|hi|hello|hey|(?:can|could|would|will) you|i want you to)\b[ ,!.]*/i;

interface Order {
  readonly text: string;
  /** It was put as a question, so a question mark at the end is not part of it. */
  readonly asked: boolean;
}

export function orderOf(text: string): Order | null {
  let rest = text.trim();
  if (rest === "" || rest.length > maxOrder) return null;
  let asked = false;
  for (let at = 0; at < 3; at += 1) {
    const polite = politeness.exec(rest)?.[0];
    if (polite === undefined) break;
    asked ||= /you\b/i.test(polite);
    rest = rest.slice(polite.length);
  }
  return { text: asked ? rest.replace(/\s?\?$/, "") : rest, asked };
}

/** What stands behind `head`, or null when the order does not begin with it. */
function behind(text: string, head: RegExp): string | null {
  const order = orderOf(text);
  const found = order === null ? null : head.exec(order.text);
  if (order === null || found === null || found.index !== 0) return null;
  return order.text.slice(found[0].length).trim();
}

const quotes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "`": "`",
  "“": "”",
  "«": "»",
};

/** A text that begins with a quote, split at the last quote that closes it. */
function unquote(text: string): { readonly inner: string; readonly after: string } | null {
  const close = quotes[text[0] ?? ""];
  const end = close === undefined ? -1 : text.lastIndexOf(close);
  if (end <= 0) return null;
  return { inner: text.slice(1, end), after: text.slice(end + 1).trim() };
}

const onlyPoliteness =
  /^[,.!?]*(?:(?:and|then) (?:tell|show|give|report|send) [a-z ]{0,60})?[.!?]*$/i;

const runCommand = /^(?:run|execute)\s+(?:the |this )?(?:following )?(?:shell )?command\b\s?:?\s*/i;
const runColon = /^(?:run|execute)\s?:\s*/i;
const runBare = /^(?:run|execute)\s+(?=[`"'\w./])/i;
/** Words that begin a sentence about something, not a command line. */
const noProgram =
  /^(?:an?|the|my|your|our|this|that|these|those|it|all|some|any|no|nothing|not|away|again|to|for|in|on|with|out|into|up|down|through|every|each|me|them|as|one|two|something|everything)$/i;

export function findCommand(text: string): Found | null {
  const said = behind(text, runCommand) ?? behind(text, runColon);
  if (said !== null) return commandIn(said);
  const bare = behind(text, runBare);
  if (bare === null) return null;
  const first = /^[^\s`"']*/.exec(bare)?.[0] ?? "";
  return noProgram.test(first) ? null : commandIn(bare);
}

function commandIn(said: string): Found | null {
  const fence = /^```[a-z]{0,10}\n(.*)\n```$/s.exec(said);
  if (fence?.[1] !== undefined) return given("command", fence[1]);
  const quoted = unquote(said);
  const isOne = quoted !== null && !quoted.inner.includes(said[0] ?? "");
  if (isOne && onlyPoliteness.test(quoted.after)) return given("command", quoted.inner);
  // Where a command line ends and prose begins again cannot be told: several lines need a fence.
  if (said.startsWith("`") || said.includes("\n")) return null;
  return given("command", said);
}

const given = (key: string, value: string): Found | null =>
  value.trim() === "" ? null : { [key]: value };

/** A path in quotes, or one word; what ends the sentence is not part of it. */
function pathIn(text: string, known: "file" | "maybe"): string | null {
  const quoted = unquote(text);
  if (quoted !== null) return /^[.!?]*$/.test(quoted.after) ? quoted.inner || null : null;
  const word = text.replace(/^(.*[\w/-])[.!?]$/s, "$1").replace(/,? please$/i, "");
  if (!/^[^\s"'`]+$/.test(word)) return null;
  return known === "file" || /[./]/.test(word) ? word : null;
}

const readFileHead =
  /^(?:(?:read|show|print|display|cat|open)(?: me)?|what (?:is|does)(?: in)?) (?:the )?(?:contents? of )?(?:the )?file /i;
const readHead =
  /^(?:(?:read|show|print|display|cat|open)(?: me)?|what is in) (?:the contents? of )?/i;

export function findFileToRead(text: string): Found | null {
  const named = behind(text, readFileHead)?.replace(/ (?:say|contain)\??$/i, "");
  if (named !== undefined) return pathFound(pathIn(named, "file"));
  const perhaps = behind(text, readHead);
  return perhaps === null ? null : pathFound(pathIn(perhaps, "maybe"));
}

const pathFound = (path: string | null): Found | null => (path === null ? null : { path });

const listHead =
  /^(?:(?:list|show)(?: me)?(?: all)?(?: the| your| my)? (?:files|contents?|folder|directory)|(?:what|which) files are(?: there)?|ls)\b\s?/i;
const inHead = /^(?:in|of|under|below) (?:the |your )?(?:(?:folder|directory) )?/i;

export function findFolderToList(text: string): Found | null {
  const rest = behind(text, listHead);
  if (rest === null) return null;
  const where = rest.replace(inHead, "");
  if (/^(?:workspace)?[.!?]*$/i.test(where)) return { path: "." };
  return pathFound(pathIn(where, inHead.test(rest) ? "file" : "maybe"));
}

const searchHead = /^(?:search(?: for)?|find|grep(?: for)?|look for) /i;
const searchForHead = /^search (?:in |the (?:file|folder|directory) )?(\S{1,512}) for /i;

export function findSearch(text: string): Found | null {
  const order = orderOf(text);
  const [head, inside] = searchForHead.exec(order?.text ?? "") ?? [];
  if (order !== null && head !== undefined && inside !== undefined)
    return searchFound(order.text.slice(head.length), pathIn(inside, "maybe"));
  const rest = behind(text, searchHead);
  if (rest === null) return null;
  const at = Math.max(...[" in ", " under ", " below "].map((word) => rest.lastIndexOf(word)));
  if (at < 0) return unquote(rest) === null ? null : searchFound(rest, ".");
  const where = rest.slice(at + 1).replace(inHead, "");
  const path = /^workspace[.!?]*$/i.test(where) ? "." : pathIn(where, "maybe");
  return searchFound(rest.slice(0, at), path);
}

/** Twice as long once it is escaped, which is still less than the tool takes. */
const maxPattern = 400;

function searchFound(wanted: string, path: string | null): Found | null {
  const quoted = unquote(wanted);
  if (quoted !== null && !/^[.!?]*$/.test(quoted.after)) return null;
  const pattern = quoted?.inner ?? wanted.trim();
  if (path === null || pattern.length > maxPattern || pattern.includes("\n")) return null;
  return pattern === "" ? null : { pattern, path };
}

const writeHead = /^(write|save|put|append|add) (?:the (?:text|words|line) )?(?=["'`“«])/i;
const intoHead = /^(?:to|into|in) (?:the |a )?(?:new )?(?:file )?/i;

export function findFileToWrite(text: string): Found | null {
  const order = orderOf(text);
  const head = writeHead.exec(order?.text ?? "");
  if (order === null || head === null) return null;
  const rest = order.text.slice(head[0].length);
  const close = quotes[rest[0] ?? ""] ?? "";
  // A quoted path stands behind the text, so the text ends where "to …" begins.
  const end = ["to", "into", "in"].map((word) => rest.lastIndexOf(`${close} ${word} `));
  const at = Math.max(...end);
  if (at < 1) return null;
  const where = rest.slice(at + 1).trim();
  const path = intoHead.test(where) ? pathIn(where.replace(intoHead, ""), "file") : null;
  if (path === null) return null;
  const append = /^(?:append|add)$/i.test(head[1] ?? "") ? "yes" : "no";
  return { path, content: rest.slice(1, at), append };
}

const noAgent =
  /^(?:me|us|him|her|them|it|you|all|everyone|everybody|someone|somebody|anyone|people|the|a|an|my|your|for|to|this|that|yourself|nobody)$/i;
const askHead = /^ask(?: the)?(?: agent)? ([a-z][a-z0-9-]{0,30})(?: agent)?/i;
const tellHead = /^(?:tell|instruct)(?: the)?(?: agent)? ([a-z][a-z0-9-]{0,30})(?: agent)?/i;
const tellLink =
  /^(?:\s?[:,]\s*|\s+(?:to|that)\s+|\s+(?=(?:if|whether|what|how|when|where|why|which|who|for)\s))/i;
const sendHead =
  /^(?:(?:send|give)(?: (?:a|the|this) (?:task|message))?(?: to)?|delegate to|forward to|task)(?: the)?(?: agent)? ([a-z][a-z0-9-]{0,30})(?: agent)?/i;
const sendLink = /^(?:\s?:\s*|\s+(?:the|this|a) (?:following )?(?:task|message)\s?[:,]?\s*)/i;

/** A question whose answer is waited for. */
export const findQuestion = (text: string): Found | null => addressed(text, askHead, tellLink);

export function findMessage(text: string): Found | null {
  return addressed(text, tellHead, tellLink) ?? addressed(text, sendHead, sendLink);
}

function addressed(text: string, head: RegExp, link: RegExp): Found | null {
  const order = orderOf(text);
  const [start, name] = head.exec(order?.text ?? "") ?? [];
  if (order === null || start === undefined || name === undefined || noAgent.test(name))
    return null;
  const rest = order.text.slice(start.length);
  const joint = link.exec(rest)?.[0];
  if (joint === undefined) return null;
  const message = rest.slice(joint.length).trim();
  const quoted = unquote(message);
  const whole = quoted !== null && /^[.!?]*$/.test(quoted.after) ? quoted.inner : message;
  return whole.trim() === "" ? null : { agent: name.toLowerCase(), text: whole };
}
