/** `path_exists` and `path_not_exists`. Looks at a name; opens nothing. */
import type { BuiltinCheck } from "../../types.ts";
import { judge, pass, textIn, unable } from "../con/verdicts.ts";
import { isThere, look } from "./look.ts";

export const pathExists: BuiltinCheck = async (args) => {
  const path = textIn(args, "path");
  const wanted = args["type"];
  const found = look(path, (_at, stat) => {
    if (stat.isFile()) return "file";
    return stat.isDirectory() ? "directory" : "special file";
  });
  if (found.kind === "refused") return unable(found.why);
  if (found.kind === "missing")
    return judge([{ found: `${path} does not exist`, key: `${path} missing` }], "");
  const right = wanted === undefined || wanted === found.value;
  const said = `${path} is a ${found.value}, wanted a ${String(wanted)}`;
  return judge(right ? [] : [{ found: said, key: said }], `${path} is a ${found.value}`);
};

export const pathNotExists: BuiltinCheck = async (args) => {
  const path = textIn(args, "path");
  const answer = isThere(path);
  if (answer === "no") return pass(`${path} does not exist`);
  if (answer === "unknown") return unable(`${path} cannot be looked at: a link is not followed`);
  return judge([{ found: `${path} exists, which it must not`, key: `${path} exists` }], "");
};
