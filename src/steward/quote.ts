/**
 * Words of somebody else inside our own: one line, bounded, and between quotes that they cannot close. Pure.
 *
 * What the steward refuses it explains, and so repeats a part of what was asked, under the name of root.
 */
import type { Problem } from "../config/types.ts";

const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Without anything that ends a line, drives a terminal or cannot be seen. */
export function oneLine(text: string, most: number): string {
  const line = text.replace(odd, " ").trim().toWellFormed();
  return line.length <= most ? line : `${line.slice(0, most).toWellFormed()}…`;
}

const maxQuoted = 200;

export const quoted = (text: string): string => JSON.stringify(oneLine(text, maxQuoted));

/** What is wrong with a manifest: it names keys and values as they were written. */
export const problemInWords = ({ file, line, column, key, why, remedy }: Problem): string => {
  const said = quoted([key, why].filter((part) => part !== "").join(": "));
  return [`${file}:${line}:${column}`, said, oneLine(remedy, maxRemedy)]
    .filter((part) => part !== "")
    .join(": ");
};

const maxRemedy = 300;
