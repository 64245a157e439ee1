/**
 * The index of tools that stands in the description of `tool_details`: sorted, bounded, one line each category. Pure.
 *
 * It is part of what never changes during an attempt, and of what a model trusts. So tools of untrusted sources
 * stand there with their names only, which have no room for words; of others a few words, as quoted data.
 */
import type { ViewedCategory } from "./view.ts";

/** What a source has, for the index. */
export interface SourceEntry {
  readonly category: string;
  readonly summary: string;
  readonly untrusted: boolean;
  readonly tools: readonly { readonly name: string; readonly description: string }[];
}

/** Bytes for the tools of all sources. */
const mostBytes = 1500;
const gistChars = 70;
const summaryChars = 100;
/** A category at least: its name, and how many tools it has. */
const leastBytes = 80;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function indexText(
  folded: readonly ViewedCategory<{ readonly name: string }>[],
  sources: readonly SourceEntry[],
): string {
  const own = [...folded]
    .sort((a, b) => byText(a.name, b.name))
    .map(({ name, tools }) => `- ${name}: ${tools.map((tool) => tool.name).join(", ")}`);
  return [...own, ...sourceLines(sources)].join("\n");
}

function sourceLines(sources: readonly SourceEntry[]): string[] {
  const sorted = [...sources].sort((a, b) => byText(a.category, b.category));
  const withGists = sorted.map((source) => lineOf(source, true, Infinity));
  if (bytesOf(withGists) <= mostBytes) return withGists;
  const shown = sorted.slice(0, Math.floor(mostBytes / leastBytes) - 1);
  // What short lists leave over is for the long ones.
  let left = mostBytes - leastBytes;
  const bySize = [...shown].sort((a, b) => a.tools.length - b.tools.length);
  const lines = new Map<SourceEntry, string>();
  for (const [at, source] of bySize.entries()) {
    const line = lineOf(source, false, Math.floor(left / (bySize.length - at)) - 1);
    lines.set(source, line);
    left -= Buffer.byteLength(line) + 1;
  }
  const more = sorted.length - shown.length;
  return [
    ...shown.map((source) => lines.get(source) ?? ""),
    ...(more === 0 ? [] : [`- and ${more} more categories: tool_details without arguments`]),
  ];
}

const bytesOf = (lines: readonly string[]): number =>
  lines.reduce((all, line) => all + Buffer.byteLength(line) + 1, 0);

/** As many names as `most` bytes have room for, but for the head of the line. */
function lineOf(source: SourceEntry, gists: boolean, most: number): string {
  const { category, summary, tools, untrusted } = source;
  const names = tools
    .map(({ name, description }) => ({ name: name.slice(category.length + 1), description }))
    .sort((a, b) => byText(a.name, b.name))
    .map(({ name, description }) =>
      gists && !untrusted ? `${name} ${JSON.stringify(gist(description))}` : name,
    );
  const about = gists ? ` (${gist(summary, summaryChars)})` : "";
  const head = `- ${category}.*${about}: `;
  let text = `${head}${names.length === 0 ? "none yet" : names.join(", ")}`;
  for (let count = names.length - 1; Buffer.byteLength(text) > most && count >= 0; count -= 1) {
    const rest = `${names.length - count}${count === 0 ? " tools" : " more"}`;
    text = `${head}${[...names.slice(0, count), rest].join(", ")}`;
  }
  return text;
}

/** Controls, line ends and what nobody sees, and what frames and Markdown are made of. */
const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}<>`#*|[\]{}]+|\s+/gu;

/** The beginning of a text, on one line, without anything that could pass for more than words. */
export function gist(text: string, chars = gistChars): string {
  const line = text
    .slice(0, 8 * chars)
    .toWellFormed()
    .replace(odd, " ")
    .replace(/ +/g, " ")
    .trim();
  return line.length <= chars
    ? line
    : `${line
        .slice(0, chars - 1)
        .trimEnd()
        .toWellFormed()}…`;
}
