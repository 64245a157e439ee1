/** `env_var`, `no_env_var`, `command_available`. Never: says what a variable holds. */
import type { BuiltinCheck } from "../../types.ts";
import { judge, textIn, unable } from "../con/verdicts.ts";
import { matches } from "./bounded.ts";
import { findCommand } from "./look.ts";

/** `environment` is the evaluator's, which is what its unit sets. */
export const envVar =
  (environment: NodeJS.ProcessEnv): BuiltinCheck =>
  async (args) => {
    const name = textIn(args, "name");
    const value = environment[name] ?? "";
    if (value === "") return no(`${name} is not set`);
    const { equals, matches: pattern } = args;
    if (typeof equals === "string" && value !== equals) return no(`${name} is not ${equals}`);
    if (typeof pattern !== "string") return judge([], `${name} is set`);
    const answer = matches(pattern, value);
    if (answer.kind === "error") return unable(answer.why);
    if (answer.kind === "no") return no(`${name} does not match ${pattern}`);
    return judge([], `${name} matches ${pattern}`);
  };

export const noEnvVar =
  (environment: NodeJS.ProcessEnv): BuiltinCheck =>
  async (args) => {
    const name = textIn(args, "name");
    if (environment[name] === undefined) return judge([], `${name} is not set`);
    return no(`${name} is set, which it must not be`);
  };

export const commandAvailable: BuiltinCheck = async (args) => {
  const name = textIn(args, "name");
  const path = findCommand(name);
  if (path !== null) return judge([], `${name} is ${path}`);
  return no(`there is no program ${name}`);
};

const no = (found: string) => judge([{ found, key: found }], "");
