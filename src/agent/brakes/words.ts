/** What is said to a model that goes on and on, and to whoever waits for it. Pure. */

export const reviewText = (calls: number): string =>
  [
    `[From the runner: you have made ${calls} tool calls for this task. Look back before you go on, in a few lines:`,
    "what was asked, what is done, what is left, and whether the last calls brought you nearer. Then continue,",
    "change course, or answer with what you have.]",
  ].join("\n");

export const summaryRequest = (calls: number): string =>
  [
    `[From the runner: you have made ${calls} tool calls for this task and are stopped here. A person decides whether`,
    "you go on. Write for that person, in at most one page and without a tool call: what was asked, what is done and",
    "where it lies, what is left and how many calls it may take, what went wrong, and the question to be decided.]",
  ].join("\n");

export const goOnText = (calls: number, words: string): string =>
  [
    `[From the runner: people read where this task stands after ${calls} tool calls, and let it go on. Their word:`,
    `${JSON.stringify(words)}`,
    "Go on with the task accordingly.]",
  ].join("\n");

/** Where no model could sum up. */
export const ownSummary = (calls: number, said: string, why: string): string =>
  [
    `The agent made ${calls} tool calls and could not sum up where it stands (${why}).`,
    said.trim() === "" ? "It had said nothing yet." : `Its last words: ${said.trim()}`,
  ].join("\n");
