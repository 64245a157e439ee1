/**
 * Completion checks in the front matter of a task: `done_when: [CHECK, …]`, or
 * `contract: {checks: [CHECK, …], rounds: N}`. Pure.
 *
 * A check is a map with one kind (see done-when/probe.ts), perhaps a `name` and a `timeout`. Never:
 * guesses; a demand that cannot be read would be one that nobody keeps, so the task is malformed.
 */
import { probeArguments, probeKinds, readProbe } from "./done-when/probe.ts";
import {
  type CompletionCheck,
  type CompletionProbe,
  type DoneWhen,
  defaultRounds,
  defaultTimeoutSeconds,
  maxChecks,
  maxNameChars,
  maxRounds,
} from "./done-when/types.ts";
import {
  type Fields,
  fieldsOf,
  lineOf,
  Malformed,
  malformed,
  secondsOf,
  wholeOf,
} from "./done-when/values.ts";

export type ReadDoneWhen =
  | { readonly ok: true; readonly doneWhen: DoneWhen | null }
  | { readonly ok: false; readonly why: string };

/** From the values of both keys; `undefined` for a key that is not there. */
export function readDoneWhen(list: unknown, contract: unknown): ReadDoneWhen {
  if (list === undefined && contract === undefined) return { ok: true, doneWhen: null };
  try {
    if (list !== undefined && contract !== undefined)
      throw new Malformed("done_when must be alone, without contract");
    const doneWhen =
      contract === undefined
        ? { checks: readChecks("done_when", list), rounds: defaultRounds }
        : readContract(contract);
    return { ok: true, doneWhen };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ok: false, why: error.message };
  }
}

function readContract(value: unknown): DoneWhen {
  const { checks, rounds } = fieldsOf("contract", value, ["checks", "rounds"]);
  return {
    checks: readChecks("contract.checks", checks),
    rounds: rounds === undefined ? defaultRounds : wholeOf("contract.rounds", rounds, 1, maxRounds),
  };
}

function readChecks(where: string, value: unknown): CompletionCheck[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxChecks)
    return malformed(where, `a list of 1 to ${maxChecks} checks`);
  const checks = value.map((one, at) => readCheck(`${where}[${at}]`, one, at));
  const names = checks.map(({ name }) => name);
  if (checks.filter(({ probe }) => probe.kind === "answer_json").length > 1)
    throw new Malformed(`${where} has two checks answer_json; an answer has one form`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return checks;
  throw new Malformed(`${where} has two checks of the name ${JSON.stringify(twice)}`);
}

function readCheck(where: string, value: unknown, at: number): CompletionCheck {
  const fields = fieldsOf(where, value, ["name", "timeout", ...probeKinds]);
  const kinds = probeKinds.filter((kind) => Object.hasOwn(fields, kind));
  const [kind, second] = kinds;
  if (kind === undefined || second !== undefined)
    throw new Malformed(`${where} needs exactly one of ${probeKinds.join(", ")}`);
  const probe = readProbe(where, kind, fields[kind]);
  return { name: nameOf(where, fields, probe, at), timeoutSeconds: timeout(where, fields), probe };
}

function timeout(where: string, { timeout: value }: Fields): number {
  return value === undefined ? defaultTimeoutSeconds : secondsOf(`${where}.timeout`, value);
}

/** Without a name of its own: what it looks at, and which one it is. */
function nameOf(where: string, { name }: Fields, probe: CompletionProbe, at: number): string {
  if (name !== undefined) return lineOf(`${where}.name`, name, maxNameChars);
  const about = "path" in probe ? ` ${probe.path}` : "";
  return `#${at + 1} ${probe.kind}${about}`.slice(0, maxNameChars).toWellFormed();
}

/** The front matter entry that reads as `doneWhen` again. */
export function writeDoneWhen({ checks, rounds }: DoneWhen): readonly [string, unknown] {
  const list = checks.map(writeCheck);
  return rounds === defaultRounds ? ["done_when", list] : ["contract", { checks: list, rounds }];
}

/** One check as it stands in a file. */
export const writeCheck = ({ name, timeoutSeconds, probe }: CompletionCheck): Fields => ({
  name,
  [probe.kind]: probeArguments(probe),
  ...(timeoutSeconds === defaultTimeoutSeconds ? {} : { timeout: `${timeoutSeconds}s` }),
});
