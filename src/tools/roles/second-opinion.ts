/** Asks any model that the manifest grants, in the agent's own words. Never: gives it a tool. */
import { safeText } from "../../sandbox/output.ts";
import { done, refused, textOr } from "../answer.ts";
import { denied } from "../denial.ts";
import type { ModelGrants } from "../desks.ts";
import type { Tool } from "../tool.ts";
import { modelDenial } from "./grant.ts";
import { isAsking, noModels, questionOf, spoken, unanswered } from "./question.ts";
import { shownOrKept } from "./report.ts";

const usualRole =
  "You are asked for an independent opinion. Answer what is asked, say how sure you are, and name what speaks " +
  "against it.";

export const secondOpinion: Tool = {
  name: "second_opinion",
  description:
    "Asks another model, which sees nothing but what you write. Without model, or with model list, it says " +
    "which there are.",
  parameters: {
    type: "object",
    properties: {
      model: { type: "string", maxLength: 40, description: "An alias, or list" },
      prompt: { type: "string", minLength: 1, maxLength: 100_000, description: "The question" },
      system: { type: "string", maxLength: 10_000, description: "Who it shall be (optional)" },
      temperature: { type: "number", minimum: 0, maximum: 2 },
      max_tokens: { type: "integer", minimum: 1, maximum: 100_000, description: "Of the answer" },
    },
    additionalProperties: false,
  },
  parallel: true,
  async run(args, context) {
    if (!isAsking(context)) return noModels;
    const [alias, prompt] = [textOr(args, "model", "list"), textOr(args, "prompt", "")];
    if (alias === "list") return done(listed(context.models));
    const denial = modelDenial(context, context.models, alias);
    if (denial !== null) return denied(denial);
    if (prompt.trim() === "") return refused("there is no prompt: say what you want to know");
    const { temperature, max_tokens: most } = args;
    const answer = await context.ask(
      {
        alias,
        messages: questionOf(textOr(args, "system", usualRole), prompt, []),
        ...(typeof temperature === "number" ? { temperature } : {}),
        ...(typeof most === "number" ? { maxOutputTokens: most } : {}),
      },
      context.signal,
    );
    if (!answer.ok) return unanswered(alias, answer);
    const opinion = safeText(Buffer.from(answer.text));
    return done(`${spoken(answer.model, alias)}\n${shownOrKept(context, "opinion", opinion)}`);
  },
};

function listed({ own, granted, windows }: ModelGrants): string {
  const line = (alias: string): string => {
    const window = windows[alias] ?? null;
    const size = window === null ? "window unknown" : `window of ${window} tokens`;
    return `- ${alias}: ${size}${alias === own ? "; your own" : ""}`;
  };
  return [...new Set([own, ...granted])].map(line).join("\n");
}
