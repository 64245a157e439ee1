/**
 * Whether people can judge a proposed text by looking at it. Pure.
 *
 * Never: lets anything through that shows people something else than a model reads, or what looks like a key.
 */
import { hiddenCharacter } from "../../skill/hidden.ts";
import { redactKeys } from "../../system/redact.ts";
import type { ProposedFile } from "../types.ts";

/** Of all files of a proposal together: people read it whole. */
const maxProposalBytes = 64 * 1024;
/** Every call of a model carries it. */
const maxInstructionsBytes = 16 * 1024;

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
  const found = hiddenCharacter(text);
  if (found !== null) return `it holds ${found.code}, which people do not see: take it out`;
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
