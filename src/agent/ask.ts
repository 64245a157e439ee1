/** One model call of the loop: what is sent, and what came back as a value. Never: throws. */
import { type Answer, collect } from "../model/collect.ts";
import type { ModelRequest } from "../model/types.ts";
import { modelOf } from "./cascade/act.ts";
import { tailMessage } from "./context/tail.ts";
import type { Run } from "./run.ts";

/** The intent must be in the journal before. */
export const receive = (run: Run): Promise<Answer> =>
  collect(run.model, requestOf(run), {
    signal: run.signal,
    answerChars: run.options.limits.answerChars,
  });

const requestOf = (run: Run): ModelRequest => ({
  model: modelOf(run),
  messages: [
    ...run.state.messages,
    tailMessage(new Date(Date.parse(run.now())), run.meter.warning()),
  ],
  tools: run.specs,
  taskId: run.task.id,
});
