/**
 * What the gateway answers when it cannot do a call: OpenAI's error object, with a status that says
 * whether to try again. Texts of upstreams are cut, and cleaned of the key that was sent to them.
 */

export interface Problem {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds: number | null;
  /** Set when there is no budget for the call: further keys of the error object. */
  readonly budget?: OverBudget;
  /** Set when people must agree first: further keys of the error object. */
  readonly approval?: NeedsApproval;
}

/** Keys of the error object of type `budget`: public interface, change only by adding. */
export interface OverBudget {
  readonly scope: "task" | "agent" | "system";
  /** Whose limit it is: the caller or an ancestor of it; null = of the system. */
  readonly agent: string | null;
  readonly unit: "usd" | "tokens";
  readonly limit: number;
  /** What calls that ended have cost. */
  readonly spent: number;
  /** RFC 3339; null where no day resets it. */
  readonly resets_at: string | null;
  /** What becomes of the task. */
  readonly over: "defer" | "fail";
}

/**
 * Keys of the error object with code `needs_approval`: public interface, change only by adding. Once `slice`
 * is allowed for this agent, task and unit (`POST /con/allow`), the same call is let through.
 */
export interface NeedsApproval {
  /** Whose task has spent so much: the caller or an ancestor of it. */
  readonly agent: string;
  readonly task: string;
  readonly unit: "usd" | "tokens";
  /** One slice: `budget.ask_usd_per_task` or `ask_tokens_per_task`. */
  readonly limit: number;
  /** What calls of the task that ended have cost. */
  readonly spent: number;
  /** What this call may cost. */
  readonly wanted: number;
  /** Slices beyond the first that people agreed to. */
  readonly allowed: number;
  /** How many they must have agreed to for this call. */
  readonly slice: number;
}

export const problem = (
  status: number,
  message: string,
  retryAfterSeconds: number | null = null,
): Problem => ({ status, message, retryAfterSeconds });

const maxMessageChars = 600;

/** An upstream may echo what it was sent: no key leaves the gateway in an error. */
export function withoutKey(text: string, key: string | null): string {
  const clean = key === null || key === "" ? text : text.replaceAll(key, "[key]");
  return clean.replace(/\b(sk|key|tok)-[\w-]{12,}/g, "[key]").slice(0, maxMessageChars);
}

/** May the same call work later? The same rule as in model/client.ts. */
export const isTemporary = ({ status }: Problem): boolean =>
  [408, 409, 425, 429].includes(status) || status >= 500;

export const errorBody = ({ message, status, budget, approval }: Problem): string => {
  const about =
    approval === undefined
      ? { type: budget === undefined ? "con_gateway_error" : "budget", code: status, ...budget }
      : { type: "approval", code: "needs_approval", ...approval };
  return JSON.stringify({ error: { message, ...about } });
};
