/**
 * HTML → Markdown: what reads like an article where there is one, else the whole page. Pure.
 *
 * Links become absolute; what runs, what is not shown and what only a form uses is left out. Never: throws for a
 * page: one that is too deep or too odd becomes plain text.
 */
import { gfm } from "@joplin/turndown-plugin-gfm";
import domino, { type Document, type Element } from "@mixmark-io/domino";
import { isProbablyReaderable, Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";
import { withoutAtEnd } from "../../task/trim.ts";

export interface Page {
  readonly title: string;
  readonly markdown: string;
  readonly notes: readonly string[];
}

export interface PageSource {
  readonly html: string;
  /** Where it is; links are relative to it, or to the page's own <base>. */
  readonly url: string;
  readonly whole: boolean;
}

/** More of them take longer than a page is worth; deeper, and the stack is over. */
const maxElements = 60_000;
const maxDepth = 500;
const maxTitle = 300;

export function toMarkdown(source: PageSource): Page {
  const trouble = tooMuch(source.html);
  if (trouble !== null) return plainPage(source.html, trouble);
  try {
    return read(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return plainPage(source.html, "the page nests too deep");
  }
}

const plainPage = (html: string, why: string): Page => ({
  title: "",
  markdown: plainText(html),
  notes: [`${why}: its plain text`],
});

/** What closes by itself, or has nothing in it. */
const shallow = new Set(
  (
    "area base br col embed hr img input link meta param source track wbr " +
    "p li dt dd tr td th option optgroup thead tbody tfoot colgroup rp rt"
  ).split(" "),
);

/** A look at the tags alone, before any parser: those take the square of the time for some pages. */
function tooMuch(html: string): string | null {
  let count = 0;
  let depth = 0;
  let deepest = 0;
  for (const [, close, name = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9-]*)/gi)) {
    if (close === "") count += 1;
    if (shallow.has(name.toLowerCase())) continue;
    depth = close === "" ? depth + 1 : Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  if (count > maxElements) return `${count} elements are too many`;
  return deepest > maxDepth ? "the page nests too deep" : null;
}

function read({ html, url, whole }: PageSource): Page {
  const document = domino.createDocument(html, true);
  const title = (document.title || titleOf(document)).replace(/\s+/g, " ").trim();
  clean(document, baseOf(document, url));
  const body = document.body.innerHTML;
  const article = whole ? null : articleOf(body);
  const notes = article === null ? [] : [articleNote];
  return {
    title: title.slice(0, maxTitle),
    markdown: tidy(turndown().turndown(article ?? body)),
    notes,
  };
}

const articleNote = "the part that reads like an article; whole=true gives all of the page";

const titleOf = (document: Document): string => document.querySelector("h1")?.textContent ?? "";

function baseOf(document: Document, url: string): string {
  const href = document.querySelector("base[href]")?.getAttribute("href") ?? "";
  return URL.canParse(href, url) ? new URL(href, url).href : url;
}

const unread =
  "script,style,noscript,template,iframe,object,embed,svg,canvas,audio,video,dialog:not([open]),input,select,button,[hidden],[aria-hidden=true]";
const unseen = /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])/i;

/** What a person does not see is not for the model; neither are addresses that are programs. */
function clean(document: Document, base: string): void {
  for (const node of all(document, unread)) node.remove();
  for (const node of all(document, "[style]"))
    if (unseen.test(node.getAttribute("style") ?? "")) node.remove();
  for (const node of all(document, "a[href]"))
    settle(node, "href", base, ["http:", "https:", "mailto:"]);
  for (const node of all(document, "img")) settle(node, "src", base, ["http:", "https:"]);
}

const all = (document: Document, selector: string): Element[] =>
  Array.from(document.querySelectorAll(selector));

function settle(node: Element, name: string, base: string, schemes: readonly string[]): void {
  const href = node.getAttribute(name) ?? "";
  const url = URL.canParse(href, base) ? new URL(href, base) : null;
  if (url !== null && schemes.includes(url.protocol)) node.setAttribute(name, url.href);
  else if (name === "src") node.remove();
  else node.removeAttribute(name);
}

/** Null where what is found is not much of what is there. `body` is well-formed by now. */
function articleOf(body: string): string | null {
  const { document } = parseHTML(`<!doctype html><html><head></head><body>${body}</body></html>`);
  const given = document as unknown as ConstructorParameters<typeof Readability>[0];
  if (!isProbablyReaderable(given)) return null;
  const all = document.body.textContent?.length ?? 0;
  const found = new Readability(given).parse();
  const enough = (found?.textContent ?? "").length > Math.max(200, all / 10);
  return enough ? (found?.content ?? null) : null;
}

function turndown(): TurndownService {
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
    emDelimiter: "*",
  });
  service.use(gfm);
  return service;
}

const tidy = (markdown: string): string =>
  markdown
    .replace(/^.*$/gm, (line) => withoutAtEnd(line, /[ \t]/))
    .replace(/\n{3,}/g, "\n\n")
    .trim();

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  nbsp: " ",
};

/** Without a parser: for what no parser takes. */
function plainText(html: string): string {
  const bare = html
    .replace(/<(script|style|template|noscript)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, " ")
    .replace(/<(?:br|\/p|\/div|\/li|\/tr|\/h[1-6])\b[^>]*>/gi, "\n")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(amp|lt|gt|quot|nbsp);/g, (_, name: string) => entities[name] ?? " ");
  return tidy(bare.replace(/[^\S\n]+/g, " ").replace(/ ?\n ?/g, "\n"));
}
