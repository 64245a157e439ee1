/** `con model test`: one tiny call through the gateway, as any agent makes it. */
import { createModelClient } from "../../model/client.ts";
import type { ModelError, ModelReply, StreamModel } from "../../model/types.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { loadSystem } from "../shared/system.ts";
import { cut, safeJson, safeText } from "../shared/text.ts";

const example = `Agents may use their own aliases, root may use all. It costs what one short call costs.

Keys of --json: alias, model, answer, latency_ms, first_text_ms, tokens {input, output}, cost_usd.

Example:
  con model test smart`;

const question = "Reply with the single word: ready";
const patienceMs = 120_000;

export interface Tried {
  readonly reply: ModelReply;
  readonly latencyMs: number;
  /** Until the first text, or null when there was none. */
  readonly firstTextMs: number | null;
}

export async function testModel(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("model test", "Make one tiny call.", example)
    .argument("[alias]", "default: what the front desk uses")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { runtime } = loadSystem(io.env);
  const desk = runtime.agents.find(({ name }) => name === runtime.frontDesk);
  const alias = command.args[0] ?? desk?.model ?? "smart";
  if (!runtime.models.includes(alias)) {
    const remedy = `the aliases are ${runtime.models.join(", ")}`;
    throw new ConError(exit.badInput, alias, "there is no such alias", remedy);
  }
  const stop = AbortSignal.any([io.interrupted(), AbortSignal.timeout(patienceMs)]);
  const tried = await tryModel(createModelClient(runtime.gateway), alias, stop, io.now);
  if ("kind" in tried) throw refusal(alias, tried, io.uid);
  io.out(
    command.opts<{ json?: boolean }>().json === true
      ? safeJson(json(alias, tried))
      : sentences(alias, tried),
  );
  return exit.ok;
}

async function tryModel(
  stream: StreamModel,
  alias: string,
  signal: AbortSignal,
  now: () => number,
): Promise<Tried | ModelError> {
  const began = now();
  let firstTextMs: number | null = null;
  const messages = [{ role: "user", content: question }] as const;
  for await (const event of stream(
    { model: alias, messages, tools: [], taskId: "model-test" },
    signal,
  )) {
    if (event.kind === "error") return event.error;
    if (event.kind === "reply") {
      return { reply: event.reply, latencyMs: now() - began, firstTextMs };
    }
    firstTextMs ??= now() - began;
  }
  throw new Error("the model client ended without a reply or an error");
}

const json = (alias: string, { reply, latencyMs, firstTextMs }: Tried) => ({
  alias,
  model: reply.model,
  answer: reply.text,
  latency_ms: Math.round(latencyMs),
  first_text_ms: firstTextMs === null ? null : Math.round(firstTextMs),
  tokens: reply.usage,
  cost_usd: reply.costUsd,
});

function sentences(alias: string, { reply, latencyMs }: Tried): string {
  const { usage, costUsd } = reply;
  const spent = `${usage.input} + ${usage.output} tokens, ${costUsd} USD`;
  const head = `${alias}: ${reply.model} answered in ${Math.round(latencyMs)} ms (${spent})`;
  return `${safeText(head)}${safeText(cut(reply.text, 500))}`;
}

/** 77 for a caller who may not, 75 for what may pass, 69 for what somebody has to change. */
export function refusal(alias: string, error: ModelError, uid: number): ConError {
  const { kind, status, message } = error;
  // The gateway serves root always, so what root hears is the provider's own 403.
  if (status === 403 && uid !== 0)
    return new ConError(exit.permission, alias, message, "run it as root");
  const code = kind === "temporary" ? exit.tryLater : exit.unavailable;
  const remedy = kind === "temporary" ? "try again later" : "see con model list";
  return new ConError(code, alias, message, remedy);
}
