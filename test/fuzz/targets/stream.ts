/** What an upstream streams: events in any portions, and chunks of an answer put together. */
import { isDeepStrictEqual } from "node:util";
import {
  addChunk,
  createAssembly,
  EndlessAnswer,
  replyOf,
  StreamError,
} from "../../../src/model/assemble.ts";
import { createSseParser, sseDone, sseEvent } from "../../../src/model/sse.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";
import { anyJson } from "../support/values.ts";

const delta = (of: object) => ({ choices: [{ delta: of }] });
const call = (index: unknown, text: string) =>
  delta({ tool_calls: [{ index, id: "c", function: { name: "read_file", arguments: text } }] });

function chunk(random: Random): unknown {
  switch (random.int(8)) {
    case 0:
      return delta({ content: anyJson(random, 1) });
    case 1:
      return call(random.pick([0, 1, -1, 1.5, 1e300, "0", null]), '{"path":');
    case 2:
      return { usage: { prompt_tokens: anyJson(random, 0), completion_tokens: 3 } };
    case 3:
      return { choices: [{ delta: {}, finish_reason: "stop" }] };
    case 4:
      return { con: { model: anyJson(random, 0), cost_usd: anyJson(random, 0), warned: true } };
    case 5:
      return random.chance(4) ? { error: anyJson(random, 2) } : delta({ content: "word " });
    case 6:
      return delta({ content: "é\u{1f600}", tool_calls: anyJson(random, 3) });
    default:
      return anyJson(random, 4);
  }
}

const written = (chunks: readonly unknown[]): Buffer =>
  Buffer.from([...chunks, sseDone].map(sseEvent).join(""));

/** Cut into portions whose sizes follow from the input, so that the same input is the same case. */
function inPortions(text: string): string[] {
  const parse = createSseParser();
  const found: string[] = [];
  let size = (text.length % 7) + 1;
  for (let at = 0; at < text.length; at += size, size = ((size * 5 + 3) % 61) + 1)
    found.push(...parse(text.slice(at, at + size)));
  return found;
}

export const stream: Target = {
  name: "stream",
  open: () =>
    Promise.resolve({
      corpus: [
        written([
          delta({ content: "a" }),
          call(0, '{"a":'),
          call(0, "1}"),
          delta({ content: "b" }),
        ]),
        Buffer.from(
          'data: {"choices":[]}\r\n\r\n: comment\nevent: x\ndata:{"error":{"message":"m"}}\n\n',
        ),
      ],
      generate: (random) => written(Array.from({ length: random.int(8) }, () => chunk(random))),
      check: (input) => {
        const text = input.toString("utf8");
        const payloads = createSseParser()(text);
        demand(isDeepStrictEqual(inPortions(text), payloads), "other events in other portions");
        const assembly = createAssembly("m");
        try {
          for (const payload of payloads) if (payload !== sseDone) addChunk(assembly, payload);
        } catch (error) {
          const known = [SyntaxError, StreamError, EndlessAnswer].some(
            (kind) => error instanceof kind,
          );
          if (!known) throw error;
          return false;
        }
        const { text: said, toolCalls, usage, costUsd } = replyOf(assembly);
        demand(typeof said === "string" && costUsd >= 0 && usage.input >= 0, "an odd reply");
        demand(
          toolCalls.every(({ id, name, arguments: all }) =>
            [id, name, all].every((one) => typeof one === "string"),
          ),
          "an odd call",
        );
        return payloads.length > 0;
      },
    }),
};
