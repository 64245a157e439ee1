/** Where the front matter of SKILL.md ends. Pure. */

const front = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

export interface SplitSkill {
  /** The YAML between the marks; its first line is line 2 of the file. */
  readonly front: string;
  readonly body: string;
  /** Line of the file on which the body begins, from 1. */
  readonly bodyLine: number;
}

/** Null where there is no front matter. */
export function splitSkill(text: string): SplitSkill | null {
  const found = front.exec(text);
  if (found?.[1] === undefined) return null;
  return {
    front: found[1],
    body: text.slice(found[0].length),
    bodyLine: found[0].split("\n").length,
  };
}
