/** Sums up a text or a file of any length, read in full. */
import { safeText } from "../../sandbox/output.ts";
import { done, numberOr, refused, text, textOr } from "../answer.ts";
import { asStrangers } from "../files/strangers.ts";
import type { ToolResult } from "../result.ts";
import type { Tool } from "../tool.ts";
import { mayUse, summarizer } from "./grant.ts";
import { mostBytesFor, type Part } from "./parts.ts";
import { type Asking, isAsking, noModels, questionOf, spoken, unanswered } from "./question.ts";
import { readThrough } from "./read-through.ts";
import { shownOrKept } from "./report.ts";
import { sourceOf } from "./sources.ts";

const role =
  "You sum up for an agent that works on a task. Keep what it needs to go on without the original: results, " +
  "decisions, exact names, paths and numbers, errors, what is open. The end of a text matters as much as its " +
  "beginning. Add nothing of your own. Plain text.";

const usualWords = 300;

export const summarize: Tool = {
  name: "summarize",
  description:
    "Sums up a long text or file, read in full, so that you need not read it yourself. Give text or path.",
  parameters: {
    type: "object",
    properties: {
      text: { type: "string", minLength: 1, description: "The text" },
      path: { type: "string", minLength: 1, description: "A file, instead of text" },
      focus: { type: "string", maxLength: 2000, description: "What you need to know from it" },
      max_words: {
        type: "integer",
        minimum: 10,
        maximum: 2000,
        description: `At most so many words (default ${usualWords})`,
      },
    },
    additionalProperties: false,
  },
  parallel: true,
  async run(args, context) {
    if (!isAsking(context)) return noModels;
    if ("text" in args === "path" in args) return refused("give text, or path: one of them");
    const { models } = context;
    const alias = mayUse(models, summarizer) ? summarizer : models.own;
    if ("text" in args)
      return sumUp(context, alias, args, { title: "text", text: text(args, "text") });
    const most = mostBytesFor(models.windows[alias] ?? null);
    const source = await sourceOf(context, text(args, "path"), most);
    if (source.kind !== "text") return refused(`${source.path}: ${source.about}`);
    const part = { title: `${source.path}, ${source.about}`, text: source.text };
    return asStrangers(await sumUp(context, alias, args, part), source.untrusted === true);
  },
};

async function sumUp(
  context: Asking,
  alias: string,
  args: Readonly<Record<string, unknown>>,
  part: Part,
): Promise<ToolResult> {
  const focus = textOr(args, "focus", "");
  const wanted = focus === "" ? "everything that matters" : focus;
  const words = numberOr(args, "max_words", usualWords);
  const answer = await readThrough(context, {
    alias,
    instruction: `a summary; what it is for: ${wanted}`,
    parts: [part],
    finish: (parts, isWhole) => {
      const what = isWhole ? "the text" : "a long text, of which you get notes on every portion";
      const order = `Sum up ${what}, in at most ${words} words. What it is for: ${wanted}`;
      return context.ask({ alias, messages: questionOf(role, order, parts) }, context.signal);
    },
  });
  if (!answer.ok) return unanswered(alias, answer);
  const summary = safeText(Buffer.from(answer.text));
  return done(`${spoken(answer.model, alias)}\n${shownOrKept(context, "summary", summary)}`);
}
