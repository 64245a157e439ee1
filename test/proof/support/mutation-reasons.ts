/** Reads test/proof/survivors.md: why it is right that no test notices a change. Pure. */
import type { Survivor } from "./mutation-report.ts";

export interface Reason {
  readonly file: string;
  /** What is changed, as in the report; `*` stands for anything. */
  readonly was: RegExp;
  readonly became: RegExp;
  readonly why: string;
}

const entry = /^- `([^`]+)`: ``? ?(.+?) ?``? => ``? ?(.+?) ?``?: (\S.*)$/;

/** Lines that begin with `- ` are entries: - `FILE`: `CODE` => `CHANGED`: why. Throws on any other that begins so. */
export function readReasons(text: string): Reason[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("- "))
    .map((line) => {
      const [, file = "", was = "", became = "", why = ""] = entry.exec(line) ?? [];
      if (why === "") throw new Error(`survivors.md: not FILE: CODE => CHANGED: why: ${line}`);
      return { file, was: pattern(was), became: pattern(became), why };
    });
}

export const reasonFor = (
  { file, was, became }: Survivor,
  reasons: readonly Reason[],
): Reason | undefined =>
  reasons.find((one) => one.file === file && one.was.test(was) && one.became.test(became));

const literal = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");

const pattern = (text: string): RegExp =>
  new RegExp(`^${text.split("*").map(literal).join(".*")}$`);
