/**
 * Whether people can judge a proposed text by looking at it. Pure.
 *
 * Never: lets anything through that shows people something else than a model reads, or what looks like a key.
 */
import { redactKeys } from "../../system/redact.ts";
import type { ProposedFile } from "../types.ts";

/** Of all files of a proposal together: people read it whole. */
const maxProposalBytes = 64 * 1024;
/** Every call of a model carries it. */
const maxInstructionsBytes = 16 * 1024;

/** Where these stand they are seen: scripts that join letters, and signs that are drawn as one emoji. */
const seen = [
  /(?<=(?![\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hani}])[\p{L}\p{M}])[\u200c\u200d](?=(?![\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hani}])\p{L})/gu,
  /(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d(?=\p{Extended_Pictographic})/gu,
  /(?<=\p{Emoji})[\ufe0e\ufe0f]/gu,
];
/** Controls but tab and line end, what nobody sees, reorders or is assigned to nothing. */
const hidden =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/u;

/** Null when all of them may be shown to people. */
export function faultIn(files: readonly ProposedFile[], most = maxProposalBytes): string | null {
  const paths = files.map(({ path }) => path);
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) return `${twice}: it is there twice: give each file once`;
  const size = files.reduce((all, { content }) => all + Buffer.byteLength(content ?? ""), 0);
  if (size > most) return `the files have ${size} bytes, more than ${most}: propose less at a time`;
  for (const { path, content } of files) {
    const why = content === null ? null : faultOf(content);
    if (why !== null) return `${path}: ${why}`;
  }
  return null;
}

function faultOf(text: string): string | null {
  if (!text.isWellFormed()) return "it is no valid Unicode: take the odd characters out";
  const found = hidden.exec(seen.reduce((rest, one) => rest.replace(one, ""), text));
  if (found !== null) {
    const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `it holds U+${code}, which people do not see: take it out`;
  }
  if (redactKeys(text) !== text)
    return "it holds what looks like a key or password: say where it is kept instead";
  return null;
}

/** Null when it is short enough for every call of a model. */
export function tooLong(text: string): string | null {
  const size = Buffer.byteLength(text);
  if (size <= maxInstructionsBytes) return null;
  return `it has ${size} bytes, more than ${maxInstructionsBytes}: every call carries it: make a skill of parts`;
}
