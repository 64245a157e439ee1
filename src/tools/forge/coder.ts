/** What the coder is asked, and what its answer means. Pure. */
import type { Language } from "../../sandbox/throwaway/request.ts";
import { isDeeperThan, isObject, mostJsonDepth } from "../../system/json.ts";
import type { QuestionMessage } from "../desks.ts";
import { questionOf } from "../roles/question.ts";
import type { ForgedProgram } from "./forms.ts";
import type { Candidate, Example, Failure, ForgePackage, Order } from "./types.ts";

const languages: Readonly<Record<Language, string>> = {
  python: "Python 3, one file",
  node: "JavaScript for Node 24, one file",
  shell: "bash, one file; jq may be missing",
};

/** Between marker lines stands what the agent wants; the rules stand here. */
const role = `You write one small program that becomes a tool of an agent, and tests for it.

The program reads one JSON object, its arguments, from standard input until its end, and prints one JSON value, its result,
to standard output, and nothing else there. It ends with exit code 0, or, when it cannot do what is asked, with another one
and one line on standard error. It has no network, starts no other programs, reads no environment, makes no code while it
runs, and uses no files but those that it makes in its working directory. The same arguments always give the same result.

Answer with:
- code: the whole program.
- tests: from 1 to 20 cases, also at the edges; arguments_json and result_json are JSON as text. Arguments fit the schema
  inputs, results the schema output. Work them out by yourself, not by trusting the program.
- dependencies: packages beside the standard library as NAME==VERSION; only listed ones are allowed.`;

const mostTests = 20;

export interface Earlier {
  readonly candidate: Candidate | null;
  readonly failure: Failure;
}

export function questionFor(
  order: Order,
  packages: readonly ForgePackage[],
  earlier: Earlier | null,
): QuestionMessage[] {
  const { name, purpose, inputs, output, examples, language } = order;
  const allowed = packages.map((entry) => entry.package).join(", ") || "none";
  const again =
    earlier === null
      ? ""
      : ` Your last program failed at the stage ${earlier.failure.stage}. Mend it: answer with the whole of it again.`;
  const parts = [
    {
      title: "the tool that is wanted",
      text: JSON.stringify({ name, purpose, inputs, output, examples }, null, 1),
    },
    ...(earlier?.candidate == null
      ? []
      : [{ title: "your last program", text: earlier.candidate.code }]),
    ...(earlier === null ? [] : [{ title: "what is wrong with it", text: earlier.failure.why }]),
  ];
  const words = `Write the tool forged.${name} in ${languages[language]}. Allowed packages: ${allowed}.${again}`;
  return questionOf(role, words, parts);
}

export type Understood =
  | { readonly ok: true; readonly candidate: Candidate }
  | { readonly ok: false; readonly why: string };

/** `program` has the form already. */
export function understand({ code, tests, dependencies }: ForgedProgram): Understood {
  if (tests.length === 0 || tests.length > mostTests)
    return {
      ok: false,
      why: `tests: from 1 to ${mostTests} are needed, these are ${tests.length}`,
    };
  if (dependencies.length > mostDependencies)
    return { ok: false, why: `dependencies: at most ${mostDependencies}` };
  const read: Example[] = [];
  for (const [index, test] of tests.entries()) {
    const args = parsed(test.arguments_json);
    const result = parsed(test.result_json);
    if (args === null || !isObject(args.value))
      return { ok: false, why: `tests: arguments_json of test ${index + 1} is no JSON object` };
    if (result === null)
      return { ok: false, why: `tests: result_json of test ${index + 1} is no JSON` };
    read.push({ arguments: args.value, result: result.value });
  }
  return { ok: true, candidate: { code, tests: read, dependencies } };
}

const mostDependencies = 8;

function parsed(text: string): { readonly value: unknown } | null {
  try {
    const value = JSON.parse(text) as unknown;
    return isDeeperThan(value, mostJsonDepth) ? null : { value };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return null;
  }
}
