/** What an upstream may send without an end, and what is kept of it. */
import { expect, test } from "vitest";
import {
  type Assembly,
  addChunk,
  createAssembly,
  EndlessAnswer,
  maxAnswerCalls,
  maxAnswerChars,
  replyOf,
} from "../../src/model/assemble.ts";

const part = "x".repeat(1 << 20);
const send = (assembly: Assembly, delta: object): string =>
  addChunk(assembly, JSON.stringify({ choices: [{ delta }] }));

const call = (fields: object, index = 0) => ({ tool_calls: [{ index, function: fields }] });

test.each([
  ["text", () => ({ content: part })],
  ["arguments of one call", () => call({ arguments: part })],
  ["names", () => call({ name: part })],
  ["ids", (at: number) => ({ tool_calls: [{ index: at, id: part, function: {} }] })],
  [
    "text and arguments together",
    (at: number) => (at % 2 === 0 ? { content: part } : call({ arguments: part })),
  ],
])("%s without an end ends the answer", (_, deltaOf: (at: number) => object) => {
  const assembly = createAssembly("smart");
  const fits = Math.floor(maxAnswerChars / part.length);
  for (let at = 0; at < fits; at += 1) send(assembly, deltaOf(at));
  expect(() => send(assembly, deltaOf(fits))).toThrow(EndlessAnswer);
  const { text, toolCalls } = replyOf(assembly);
  const kept = toolCalls.map(({ id, name, arguments: args }) => id + name + args).join("");
  expect(text.length + kept.length).toBeLessThanOrEqual(maxAnswerChars);
});

test("calls without an end do too", () => {
  const assembly = createAssembly("smart");
  for (let index = 0; index < maxAnswerCalls; index += 1)
    send(assembly, call({ name: "a", arguments: "{}" }, index));
  expect(replyOf(assembly).toolCalls).toHaveLength(maxAnswerCalls);
  expect(() => send(assembly, call({ name: "a" }, maxAnswerCalls))).toThrow("tool calls");
});
