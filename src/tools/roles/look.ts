/** Has a model with eyes look at one image. */
import type { ModelAnswer } from "../desks.ts";
import { modelDenial } from "./grant.ts";
import { type Asking, questionOf } from "./question.ts";
import type { Source } from "./source.ts";

const alias = "vision";

const role =
  "You look at an image for an agent that cannot see it. Say what bears on its instruction, exactly; quote all " +
  "text in the image that matters. Say what you cannot make out. Plain text, at most 400 words.";

export async function lookAt(
  context: Asking,
  { url }: Extract<Source, { kind: "image" }>,
  instruction: string,
): Promise<
  | { readonly ok: true; readonly text: string; readonly model: string }
  | { readonly ok: false; readonly why: string }
> {
  const denial = modelDenial(context, context.models, alias);
  if (denial !== null) return { ok: false, why: denial.how };
  const image = { type: "image_url", image_url: { url } } as const;
  const messages = questionOf(role, `Instruction:\n${instruction}`, [], image);
  const answer: ModelAnswer = await context.ask({ alias, messages }, context.signal);
  return answer.ok ? answer : { ok: false, why: answer.why };
}
