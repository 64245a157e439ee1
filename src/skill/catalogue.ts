/**
 * The list of an agent's skills as it stands in the part of the prompt that never changes. Pure.
 *
 * One line each as long as there are few; then shorter ones; then names only, by category. Whatever there is, it keeps
 * within `mostBytes`, and says how the rest is found.
 */
import type { SkillEntry } from "./types.ts";
import { beginning } from "./words.ts";

const mostBytes = 6000;
/** Longest description, tried in this order. */
const lengths = [400, 200, 100];

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const bytesOf = (text: string): number => Buffer.byteLength(text);

export function skillLines(skills: readonly SkillEntry[], chars: number): string[] {
  return [...skills]
    .sort((a, b) => byText(a.name, b.name))
    .map(({ name, description }) => `- \`${name}\`: ${beginning(description, chars)}`);
}

export function catalogueText(skills: readonly SkillEntry[]): string {
  for (const chars of lengths) {
    const text = skillLines(skills, chars).join("\n");
    if (bytesOf(text) <= mostBytes) return text;
  }
  return namesByCategory(skills);
}

const others = "other";
/** Of the line that says how many are missing. */
const reserve = 120;

function namesByCategory(skills: readonly SkillEntry[]): string {
  const categories = new Map<string, string[]>();
  for (const { name, category } of skills)
    categories.set(category ?? others, [...(categories.get(category ?? others) ?? []), name]);
  const lines: string[] = [];
  let left = mostBytes - reserve;
  let missing = 0;
  for (const [category, names] of [...categories].sort(([a], [b]) => byText(a, b))) {
    const head = `- ${category}: `;
    const taken: string[] = [];
    let room = left - bytesOf(head) - 1;
    for (const name of names.sort(byText)) {
      if (bytesOf(name) + 2 > room) break;
      taken.push(name);
      room -= bytesOf(name) + 2;
    }
    missing += names.length - taken.length;
    if (taken.length === 0) continue;
    lines.push(`${head}${taken.join(", ")}`);
    left = room;
  }
  const rest = missing === 0 ? "" : `\n- and ${missing} more`;
  return `${lines.join("\n")}${rest}\nuse_skill {"find": "words"} tells what each of them is for.`;
}
