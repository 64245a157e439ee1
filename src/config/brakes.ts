/** Brakes of tasks that make call after call. Constants. */

/** Not a tool: a task that people let go on, or not. */
export const continueTool = "continue";

/** Tool calls after which an agent looks back, and after which people decide. */
export const defaultReviewEvery = 100;
export const defaultAskAfter = 300;

/** How long people have. */
export const continueSeconds = 24 * 3600;
