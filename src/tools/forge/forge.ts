/**
 * Has a tool made: the coder writes, the pipeline judges, and what passes is registered; what fails goes back to the coder
 * with the reason, three rounds in all. The caller reads one short report; all that was said lies in a file.
 *
 * Never: registers what did not pass every stage, or touches the version in use before the new one is whole. After a
 * crash: the call is reported as interrupted; the version in use is the old one or, whole, the new one.
 */
import { randomBytes } from "node:crypto";
import { isDiskTrouble } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { refused } from "../answer.ts";
import { denied } from "../denial.ts";
import type { ToolResult } from "../result.ts";
import { modelDenial } from "../roles/grant.ts";
import { type Asking, isAsking, noModels, unanswered } from "../roles/question.ts";
import { keepReport, whereText } from "../roles/report.ts";
import type { ToolContext } from "../tool.ts";
import { type Earlier, questionFor, understand } from "./coder.ts";
import type { ForgeDesk } from "./desk.ts";
import { type ForgedProgram, forgeForms } from "./forms.ts";
import { layersOf } from "./layers.ts";
import { type Known, orderOf, orderTrouble } from "./order.ts";
import { examine, type Rules, type Verdict } from "./pipeline.ts";
import { isDoubtful, placeTrouble } from "./place.ts";
import type { Candidate, Json, Order } from "./types.ts";
import type { Made } from "./version-files.ts";

const coder = "coder";
const rounds = 3;

interface Forging {
  readonly order: Order;
  readonly desk: ForgeDesk;
  readonly context: Asking;
  readonly sandbox: NonNullable<ToolContext["sandbox"]>;
  readonly rules: Rules;
  readonly log: string[];
}

export async function forge(args: Json, context: ToolContext): Promise<ToolResult> {
  const { forge: desk, sandbox } = context;
  if (!isAsking(context)) return noModels;
  if (sandbox === undefined || desk === undefined)
    return refused(
      "tools cannot be forged here: there is no throw-away sandbox (con dev has none)",
    );
  const denial = modelDenial(context, context.models, coder);
  if (denial !== null) return denied(denial);
  const order = orderOf(args);
  const [inputs, output] = [await desk.fitting(order.inputs), await desk.fitting(order.output)];
  const trouble =
    placeTrouble(order.name, desk.registry, context) ??
    orderTrouble(order, toolsIn(desk), { inputs, output });
  if (trouble !== null) return refused(`not forged: ${trouble}`);
  const rules: Rules = {
    packages: desk.packages.filter(({ language }) => language === order.language),
    layers: (packages) => layersOf(packages, desk.layers, context),
    ...{ inputs, output },
  };
  return rounded({ order, desk, context, sandbox, rules, log: [`# forged.${order.name}`] });
}

/** Those in use. */
const toolsIn = ({ registry }: ForgeDesk): Known[] =>
  registry.names().flatMap((name) => {
    const loaded = registry.load(name);
    return loaded.ok ? [{ name, purpose: loaded.manifest.purpose }] : [];
  });

async function rounded(forging: Forging): Promise<ToolResult> {
  const { context } = forging;
  let earlier: Earlier | null = null;
  for (let round = 1; round <= rounds; round += 1) {
    const tried = await tryOnce(forging, round, earlier);
    if ("result" in tried) return withLog(forging, tried.result);
    if (context.signal.aborted)
      return withLog(forging, refused("not forged: the task was stopped"));
    earlier = tried;
  }
  const { stage, why } = (earlier as Earlier | null)?.failure ?? { stage: "answer", why: "" };
  return withLog(forging, refused(failedText(forging, stage, why)));
}

const toldChars = 600;

function failedText({ order, desk }: Forging, stage: string, why: string): string {
  const { name } = order;
  const old = desk.registry.load(name);
  const rest = old.ok ? ` forged.${name} version ${old.manifest.version} works as before.` : "";
  const cut = why.length <= toldChars ? why : `${why.slice(0, toldChars).toWellFormed()}…`;
  return `not forged after ${rounds} rounds, the last one failed at the stage ${stage}: ${cut}\n${rest}`.trim();
}

/** One answer of the coder: a result of the whole call, or what is to be mended. */
async function tryOnce(
  forging: Forging,
  round: number,
  earlier: Earlier | null,
): Promise<Earlier | { readonly result: ToolResult }> {
  const { order, context, sandbox, rules, log } = forging;
  log.push(`## Round ${round}`);
  const answer = await context.ask(
    {
      alias: coder,
      messages: questionFor(order, rules.packages, earlier),
      form: { name: "forged_program", schema: forgeForms.forged_program },
    },
    context.signal,
  );
  if (!answer.ok && answer.kind !== "invalid") return { result: unanswered(coder, answer) };
  const read = answer.ok ? understand(answer.value as ForgedProgram) : answer;
  if (!read.ok) {
    log.push(`It failed at the stage answer:\n${block(read.why)}`);
    return { candidate: null, failure: { stage: "answer", why: read.why } };
  }
  const { candidate } = read;
  log.push(block(candidate.code), "Its tests:", block(JSON.stringify(candidate.tests, null, 1)));
  const verdict = await examine(order, candidate, rules, { sandbox, signal: context.signal });
  log.push(logOf(verdict));
  if (verdict.kind === "held") return { result: verdict.result };
  if (verdict.kind === "unrun") return { result: refused(`not forged: ${verdict.why}`) };
  if (verdict.kind === "failed") return { candidate, failure: verdict };
  const model = answer.ok ? answer.model : "";
  return { result: await register(forging, { candidate, verdict, round, model }) };
}

interface Passed {
  readonly candidate: Candidate;
  readonly verdict: Extract<Verdict, { kind: "passed" }>;
  readonly round: number;
  readonly model: string;
}

async function register(forging: Forging, passed: Passed): Promise<ToolResult> {
  const { order, context, log } = forging;
  const { candidate, verdict, round, model } = passed;
  const { name, purpose, language, inputs, output, limits, examples } = order;
  const { layers } = verdict;
  const { dependencies } = candidate;
  const made = { at: context.now(), task: context.task.id, rounds: round, model };
  const tainted = isDoubtful(context);
  if (context.signal.aborted) return refused("not forged: the task was stopped");
  const registered = await onDisk(forging, {
    manifest: {
      ...{ name, purpose, language, inputs, output, limits, dependencies, layers },
      ...{ tainted, made },
    },
    code: candidate.code,
    tests: [...examples, ...candidate.tests],
    report: `${log.join("\n\n")}\n`,
  });
  if (registered === null) return refused("not registered: somebody else works on the tools");
  if ("why" in registered) return refused(`not registered: ${registered.why}`);
  const { version } = registered;
  return {
    ok: true,
    text:
      `forged.${name} version ${version} is there: ${verdict.tests} tests passed, round ${round} of ${rounds}. ` +
      `Call it through use_tool.`,
  };
}

/** A full disk costs this forging, not the task. */
async function onDisk(
  { order, desk, context }: Forging,
  made: Made,
): Promise<ReturnType<ForgeDesk["registry"]["register"]> | null> {
  try {
    return await desk.locked(() => {
      const why = placeTrouble(order.name, desk.registry, context);
      return why === null ? desk.registry.register(made) : { why };
    });
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
    return { why: reasonOf(error) };
  }
}

function logOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "passed":
      return `It passed; ${verdict.tests} tests.`;
    case "failed":
      return `It failed at the stage ${verdict.stage}:\n${block(verdict.why)}`;
    case "held":
      return `It waits: ${verdict.result.text}`;
    case "unrun":
      return `Nobody can say: ${verdict.why}`;
  }
}

/** Nothing in it can end the fence. */
function block(text: string): string {
  const fence = `~~~${randomBytes(4).toString("hex")}`;
  return `${fence}\n${text}\n${fence}`;
}

function withLog({ context, log }: Forging, result: ToolResult): ToolResult {
  const kept = keepReport(context, "forge", log.join("\n\n"));
  return { ...result, text: `${result.text}\n[the whole story: ${whereText(kept)}]` };
}
