/** `regex_in_file` and `no_regex_in_file`. Never: says what a file holds, only whether it matches. */
import type { BuiltinArguments, BuiltinCheck, Verdict } from "../../types.ts";
import { judge, textIn, unable } from "../con/verdicts.ts";
import { matches } from "./bounded.ts";
import { readText } from "./look.ts";

export const regexInFile: BuiltinCheck = async (args) => compare(args, "yes");
export const noRegexInFile: BuiltinCheck = async (args) => compare(args, "no");

function compare(args: BuiltinArguments, wanted: "yes" | "no"): Verdict {
  const path = textIn(args, "path");
  const pattern = textIn(args, "pattern");
  const text = readText(path);
  // A file that is not there holds no line to find; nor can it be said that one was looked for.
  if (text.kind === "missing") return missing(path);
  if (text.kind === "refused") return unable(text.why);
  const answer = matches(pattern, text.value);
  if (answer.kind === "error") return unable(answer.why);
  const verb = answer.kind === "yes" ? "matches" : "does not match";
  const found = `${path} ${verb} ${pattern}`;
  return judge(answer.kind === wanted ? [] : [{ found, key: found }], found);
}

const missing = (path: string): Verdict =>
  judge([{ found: `${path} does not exist`, key: `${path} missing` }], "");
