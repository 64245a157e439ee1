/**
 * Takes out of a text what looks like a key, a password or a token, before it is kept. Pure.
 *
 * Rather too much than too little: what it leaves is for people to recognise a call by. Time grows with the
 * length of the text and no faster. Never: promises that nothing secret is left.
 */

const redacted = "[redacted]";

/** What stands between words of JSON, shell and configuration, once or twice encoded. */
const gap = String.raw`(?:\s|\\+[nrt])*`;
const quote = String.raw`\\*["']?`;
const names =
  "pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|cookie";

/** A key of the PEM kind, whole or cut, its line ends real or written. */
const block =
  /-----BEGIN [A-Z0-9 ]{0,60}-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z0-9 ]{0,60}-----)?/g;
const assigned = new RegExp(
  String.raw`((?:${names})[\w-]{0,30}${quote}${gap}[=:]${gap}${quote})(?!\[redacted\])[^\s"'\\,;&]{3,}`,
  "gi",
);
/** Two words that belong together: `Authorization: Bearer X`, `--password X`. */
const announced = new RegExp(
  String.raw`((?:\b(?:bearer|basic)|--(?:${names})[\w-]{0,30})(?:\s|\\+[nrt])+${quote})(?!\[redacted\])[^\s"'\\,;&]{3,}`,
  "gi",
);
const inUrl = /(:\/\/[^\s/@:"']{0,100}:)[^\s/@"']{1,200}@/g;
const known = [
  /A(?:KIA|SIA)[A-Z0-9]{16}/g,
  /\b(?:sk|pk|rk|key|tok)[-_][\w-]{12,}/g,
  /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|hf_\w{16,}|xox[abeprs]-[\w-]{10,})/g,
  /\bAIza[\w-]{30,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
] as const;
const digest = /\b[0-9a-f]{32,}\b/gi;
/** Long words that mix capitals, small letters and digits are rarely anything else. */
const mixed = /[A-Za-z0-9+/_=-]{32,}/g;

export const redact = (text: string): string =>
  redactKeys(text)
    .replace(digest, redacted)
    .replace(mixed, (word) => (isMixed(word) ? redacted : word));

/** Only what says itself that it is one: digests, ids and long names stay, for a text that is to be used. */
export function redactKeys(text: string): string {
  const named = text
    .replace(block, redacted)
    .replace(announced, `$1${redacted}`)
    .replace(assigned, `$1${redacted}`)
    .replace(inUrl, `$1${redacted}@`);
  return known.reduce((clean, pattern) => clean.replace(pattern, redacted), named);
}

const isMixed = (word: string): boolean =>
  /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);

const headChars = 16_384;
/** Longer than any key: what stands here may be the first half of one. */
const edgeChars = 512;
const ellipsis = "…";

/** The beginning of `text`, redacted, in at most `maxBytes` of UTF-8. */
export function preview(text: string, maxBytes: number): string {
  // Redacted before it is cut, so that no half of a key is left.
  const isLong = text.length > headChars;
  const clean = redact(text.slice(0, headChars));
  if (!isLong) return firstBytes(clean, maxBytes);
  return firstBytes(`${clean.slice(0, -edgeChars)}${ellipsis}`, maxBytes);
}

/** As much of the beginning of `text` as fits into `maxBytes` of UTF-8, with a mark where it was cut. */
export function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes.toString("utf8");
  let end = maxBytes - Buffer.byteLength(ellipsis);
  // Not in the middle of a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString("utf8")}${ellipsis}`;
}
