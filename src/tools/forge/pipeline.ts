/**
 * What a program must pass before it becomes a tool: parse, static checks, dependencies, tests. The first stage that fails
 * ends it. Never: runs code outside of the throw-away sandbox, or changes anything.
 */
import { resolve } from "./dependencies.ts";
import type { Got } from "./layers.ts";
import { type Called, call, type Program, type Runs } from "./run.ts";
import { isSame } from "./same.ts";
import { forbiddenIn } from "./static.ts";
import { read, sizeTrouble } from "./syntax.ts";
import type { Candidate, Example, Failure, Fits, ForgePackage, Order, Stage } from "./types.ts";

export interface Rules {
  readonly packages: readonly ForgePackage[];
  /** Layers of packages that were found to be allowed. */
  readonly layers: (packages: readonly ForgePackage[]) => Promise<Got>;
  readonly inputs: Fits;
  readonly output: Fits;
}

export type Verdict =
  | { readonly kind: "passed"; readonly layers: readonly string[]; readonly tests: number }
  | ({ readonly kind: "failed" } & Failure)
  /** Nobody can say: the sandbox or a package is away, or the task was stopped. */
  | { readonly kind: "unrun"; readonly why: string }
  | Extract<Got, { kind: "held" }>;

const failed = (stage: Stage, why: string): Verdict => ({ kind: "failed", stage, why });

export async function examine(
  order: Order,
  candidate: Candidate,
  rules: Rules,
  runs: Runs,
): Promise<Verdict> {
  const { language, limits } = order;
  const { code, dependencies } = candidate;
  const size = sizeTrouble(code);
  if (size !== null) return failed("parse", size);
  const syntax = await read(language, code, runs);
  if (syntax.kind === "failed") return failed("parse", syntax.why);
  if (syntax.kind === "unrun") return syntax;
  const forbidden = forbiddenIn(language, code);
  if (forbidden.length > 0) return failed("static", forbidden.slice(0, mostTold).join("\n"));
  const resolved = resolve(language, dependencies, syntax.imported, rules.packages);
  if (!resolved.ok) return failed("dependencies", resolved.why);
  const got = await rules.layers(resolved.packages);
  if (got.kind !== "layers") return got;
  const { layers } = got;
  const all = [...order.examples, ...candidate.tests];
  const odd = candidate.tests.flatMap((test, index) => testTrouble(test, index, rules));
  if (odd.length > 0) return failed("tests", odd.slice(0, mostTold).join("\n"));
  const run = await runTests({ language, code, layers, limits }, all, rules, runs);
  if (run.kind === "unrun") return run;
  if (run.failures.length > 0) return failed("tests", run.failures.slice(0, mostTold).join("\n"));
  return { kind: "passed", layers, tests: all.length };
}

const mostTold = 5;

/** A test that asks for what the tool's own schemas forbid tests nothing. */
function testTrouble(test: Example, index: number, { inputs, output }: Rules): string[] {
  const args = inputs(test.arguments);
  if (args !== null) return [`your test ${index + 1}: its arguments do not fit inputs: ${args}`];
  const result = output(test.result);
  return result === null
    ? []
    : [`your test ${index + 1}: its result does not fit output: ${result}`];
}

type Tested =
  | { readonly kind: "run"; readonly failures: readonly string[] }
  | { readonly kind: "unrun"; readonly why: string };

/** A few at a time: others use the sandbox too. Ends when enough failed to say what is wrong. */
const together = 3;

export async function runTests(
  program: Program,
  tests: readonly Example[],
  { output }: Pick<Rules, "output">,
  runs: Runs,
): Promise<Tested> {
  const failures: string[] = [];
  for (let at = 0; at < tests.length && failures.length < mostTold; at += together) {
    const some = tests.slice(at, at + together);
    const called = await Promise.all(some.map((test) => call(program, test.arguments, runs)));
    const unrun = called.find((one) => one.kind === "unrun");
    if (unrun !== undefined) return unrun;
    failures.push(...some.flatMap((test, index) => failureOf(test, called[index], output)));
  }
  return { kind: "run", failures };
}

function failureOf(test: Example, called: Called | undefined, output: Fits): string[] {
  if (called === undefined || called.kind === "unrun") return [];
  const why = called.kind === "failed" ? called.why : resultTrouble(called.value, test, output);
  return why === null ? [] : [`with ${short(test.arguments)}: ${why}`];
}

function resultTrouble(value: unknown, { result }: Example, output: Fits): string | null {
  const misfit = output(value);
  if (misfit !== null) return `the result ${short(value)} does not fit output: ${misfit}`;
  return isSame(value, result)
    ? null
    : `the result is ${short(value)}, it should be ${short(result)}`;
}

const shortChars = 300;

const short = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length <= shortChars ? text : `${text.slice(0, shortChars).toWellFormed()}…`;
};
