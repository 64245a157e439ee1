/**
 * One run of a program in the throw-away sandbox, and what it means for whoever wanted it. Never: runs anything itself,
 * or believes what the program printed.
 */
import { safeText } from "../../sandbox/output.ts";
import type { Language } from "../../sandbox/throwaway/request.ts";
import type {
  Printed,
  RunRequest,
  RunResult,
  RunThrowaway,
} from "../../sandbox/throwaway/types.ts";
import { isDeeperThan, mostJsonDepth } from "../../system/json.ts";
import type { Json, Limits } from "./types.ts";

export interface Program {
  readonly language: Language;
  readonly code: string;
  readonly layers: readonly string[];
  readonly limits: Limits;
}

export interface Runs {
  readonly sandbox: RunThrowaway;
  readonly signal: AbortSignal;
}

export type Called =
  | { readonly kind: "result"; readonly value: unknown }
  /** It is the program's fault. */
  | { readonly kind: "failed"; readonly why: string }
  /** It is not: the sandbox is away, or the task was stopped. */
  | { readonly kind: "unrun"; readonly why: string };

/** Arguments as JSON on its standard input, the result as JSON on its standard output. */
export async function call(program: Program, args: Json, runs: Runs): Promise<Called> {
  const { language, code, layers, limits } = program;
  const ran = await runOnce(runs, {
    ...{ language, code, layers, ...limits },
    stdin: `${JSON.stringify(args)}\n`,
  });
  return ran.kind === "ran" ? resultOf(ran.result) : ran;
}

export type Ran =
  | { readonly kind: "ran"; readonly result: RunResult }
  | Exclude<Called, { readonly kind: "result" }>;

/** `ran`: it ended by itself, with whatever exit code. */
export async function runOnce({ sandbox, signal }: Runs, request: RunRequest): Promise<Ran> {
  const result = await sandbox(request, signal);
  const { ending } = result;
  switch (ending.kind) {
    case "exit":
      return { kind: "ran", result };
    case "timeout":
      return { kind: "failed", why: `it was not done after ${ending.seconds} s` };
    case "killed":
      return { kind: "failed", why: `the sandbox ended in the middle: ${ending.why}` };
    case "aborted":
      return { kind: "unrun", why: "the task was stopped" };
    case "refused":
    case "unavailable":
      return { kind: "unrun", why: `the sandbox is not available: ${ending.why}` };
  }
}

function resultOf(result: RunResult): Called {
  const { ending, stdout, outOfMemory } = result;
  if (ending.kind !== "exit" || ending.code !== 0) {
    const code = ending.kind === "exit" ? ending.code : "?";
    const memory = outOfMemory ? " (out of memory)" : "";
    return { kind: "failed", why: `exit code ${code}${memory}: ${said(result)}` };
  }
  if (isCut(stdout))
    return { kind: "failed", why: `its result is too long: ${stdout.totalBytes} bytes` };
  try {
    const value = JSON.parse(utf8.decode(stdout.head)) as unknown;
    if (isDeeperThan(value, mostJsonDepth))
      return { kind: "failed", why: "its result is nested too deeply" };
    return { kind: "result", value };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return { kind: "failed", why: `what it printed is not one JSON value: ${shown(stdout.head)}` };
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

const isCut = ({ head, totalBytes }: Printed): boolean => totalBytes > head.length;

const saidChars = 2000;

/** The end of what it complained about, or of what it printed. */
export function said({ stdout, stderr }: Pick<RunResult, "stdout" | "stderr">): string {
  const { head, tail } = stderr.totalBytes > 0 ? stderr : stdout;
  return shown(Buffer.concat([head, tail]), -saidChars);
}

const shown = (bytes: Buffer, from = 0): string => {
  const text = safeText(bytes).trim();
  const cut = from < 0 ? text.slice(from) : text.slice(0, saidChars);
  return cut === "" ? "(nothing)" : cut.toWellFormed();
};
