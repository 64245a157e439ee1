/** Judges a request as the strictest provider would. */
import type { Message, ModelRequest } from "../../src/model/types.ts";

/** What is wrong with it, one sentence each. */
export function faultsOf({ messages, tools }: ModelRequest): string[] {
  const faults: string[] = [];
  const blame = (at: number, why: string): void => void faults.push(`message ${at}: ${why}`);
  if (messages[0]?.role !== "system") blame(0, "is not the system message");
  if (!["user", "tool"].includes(messages.at(-1)?.role ?? "")) blame(-1, "is nothing to answer");
  const names = new Set(tools.map((tool) => tool.function.name));
  const ids = new Set<string>();
  let owed: string[] = [];
  for (const [at, message] of messages.entries()) {
    if (at > 0 && message.role === "system") blame(at, "is a second system message");
    const why = faultIn(message);
    if (why !== null) blame(at, why);
    if (message.role === "tool") {
      if (owed.shift() !== message.tool_call_id) blame(at, "is no result of the call before it");
    } else if (owed.length > 0) {
      blame(at, `stands before the results of ${owed.join(", ")}`);
      owed = [];
    }
    for (const call of callsIn(message)) {
      if (ids.has(call.id)) blame(at, `uses id ${call.id} again`);
      ids.add(call.id);
      owed.push(call.id);
      if (call.name === "") blame(at, "calls a tool without a name");
      if (names.size > 0 && !/^[\w-]{1,64}$/.test(call.name)) blame(at, "calls an odd name");
      if (!isObject(call.arguments)) blame(at, "has arguments that are no JSON object");
    }
  }
  if (owed.length > 0) blame(messages.length, `the results of ${owed.join(", ")} are missing`);
  return faults;
}

function callsIn(message: Message) {
  if (message.role !== "assistant") return [];
  return (message.tool_calls ?? []).map((call) =>
    call.type === "function"
      ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
      : { id: call.id, name: "", arguments: "" },
  );
}

function faultIn(message: Message): string | null {
  const { content } = message;
  if (message.role === "assistant" && content === null)
    return (message.tool_calls ?? []).length > 0 ? null : "has neither content nor calls";
  if (typeof content !== "string") return "has content that is no text";
  if (content.trim() === "") return "is empty";
  if (!content.isWellFormed()) return "is no Unicode";
  const known = ["system", "user", "assistant", "tool"].includes(message.role);
  return known ? null : `has the role ${message.role}`;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return false;
  }
}

/** Tokens of a request, counted apart from the meter. */
export function tokensIn(
  { messages, tools }: ModelRequest,
  count: (text: string) => number,
): number {
  const texts = messages.flatMap((message) => [
    typeof message.content === "string" ? message.content : "",
    ...callsIn(message).flatMap((call) => [call.name, call.arguments]),
  ]);
  const schemas = tools.length === 0 ? 0 : count(JSON.stringify(tools));
  return schemas + 4 * messages.length + texts.reduce((sum, text) => sum + count(text), 0);
}

/** Whether all but the last message of `before` begins `after`, byte for byte. */
export function isPrefix(before: readonly Message[], after: readonly Message[]): boolean {
  const kept = before.slice(0, -1);
  return JSON.stringify(kept) === JSON.stringify(after.slice(0, kept.length));
}
