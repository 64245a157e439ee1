/** Asks a stronger model for a strategy. The advice is kept in `reports/`. Never: gives it a tool. */
import { cutMiddle, safeText } from "../../sandbox/output.ts";
import { done, text, textOr } from "../answer.ts";
import { denied } from "../denial.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { modelDenial } from "./grant.ts";
import type { Part } from "./parts.ts";
import { isAsking, noModels, questionOf, spoken, unanswered } from "./question.ts";
import { keepReport, shown, whereText } from "./report.ts";

const alias = "adviser";

const role =
  "You advise an agent that works on a task by calling tools, and that is stuck or wants a second mind. You see " +
  "its plan, its problem and what it can do; you do not act yourself. Answer in prose, at most 600 words: what " +
  "really is the problem, what you would do instead and in which order, how to tell after each step that it " +
  "worked, and what to stop doing. Suggest only what its tools can do. Strategy only: never write code or " +
  "command lines. Where something essential is unknown, say what to find out first; where the task cannot be " +
  "done like this, say so and what to tell the sender.";

const order = "Advise the agent. Its problem, its plan and its tools follow.";

export const consultAdviser: Tool = {
  name: "consult_adviser",
  description:
    "Asks a stronger model what to do when you are stuck, before something risky, or for a plan. It sees only " +
    "what you write here and the list of your tools. You get a strategy in prose, no code.",
  parameters: {
    type: "object",
    properties: {
      problem: {
        type: "string",
        minLength: 1,
        maxLength: 20_000,
        description: "The task, what you tried, what happened instead, and what you want to know",
      },
      plan: {
        type: "string",
        maxLength: 20_000,
        description: "Your plan as it is now (default: the one that you keep)",
      },
    },
    required: ["problem"],
    additionalProperties: false,
  },
  parallel: false,
  async run(args, context) {
    if (!isAsking(context)) return noModels;
    const denial = modelDenial(context, context.models, alias);
    if (denial !== null) return denied(denial);
    const parts = await partsOf(text(args, "problem"), textOr(args, "plan", ""), context);
    const answer = await context.ask(
      { alias, messages: questionOf(role, order, parts) },
      context.signal,
    );
    if (!answer.ok) return unanswered(alias, answer);
    const advice = safeText(Buffer.from(answer.text));
    const kept = keepReport(context, "advice", reportText(answer.model, parts, advice));
    const head = `${spoken(answer.model, alias)}\n[${whereText(kept)}]`;
    return done(`${head}\n${shown(advice, kept)}`);
  },
};

async function partsOf(problem: string, said: string, context: ToolContext): Promise<Part[]> {
  const { abilities = [], plans } = context;
  const tools = abilities.map(
    ({ name, description }) => `- ${name}: ${firstSentence(description)}`,
  );
  const parts = [
    { title: "problem", text: problem },
    { title: "plan", text: said.trim() === "" ? (plans?.read() ?? "") : said },
    { title: "tools", text: tools.join("\n") },
    { title: "what the agent remembers, by category", text: await memoryIndex(context) },
  ];
  return parts.filter(({ text: told }) => told.trim() !== "");
}

const indexChars = 6000;

/** Only of an agent that may look into it itself. */
async function memoryIndex({ abilities = [], memory }: ToolContext): Promise<string> {
  if (memory === undefined || !abilities.some(({ name }) => name === "memories")) return "";
  const index = await memory.list({ category: null, id: null });
  return index.ok ? cutMiddle(index.text, indexChars, "cut") : "";
}

const firstSentence = (description: string): string =>
  /^.*?[.!?](?=\s|$)/s.exec(description)?.[0].slice(0, 160) ?? description.slice(0, 160);

const reportText = (model: string, parts: readonly Part[], advice: string): string =>
  [
    `# Advice of ${model}`,
    advice,
    ...parts
      .filter(({ title }) => title === "problem" || title === "plan")
      .map(({ title, text: said }) => `## The ${title}, as it was told\n\n${said}`),
  ].join("\n\n");
