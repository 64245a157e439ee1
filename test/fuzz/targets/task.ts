/** Task files and their front matter: what people, agents and hostile neighbours drop into an inbox. */
import { isDeepStrictEqual } from "node:util";
import { decodeTask, encodeTask, needsYaml, requestOf } from "../../../src/task/codec.ts";
import { readFields } from "../../../src/task/fields.ts";
import { readSimple } from "../../../src/task/front-matter.ts";
import { loadYaml } from "../../../src/task/yaml.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const keys: readonly (readonly [string, readonly string[]])[] = [
  ["thread", ["a thread", '"a thread"', "x".repeat(201), "[a]", ""]],
  ["reply_to", [id, `"${id}"`, "no id"]],
  ["interim", ["yes", "no", "true"]],
  ["priority", ["low", "normal", "high", "urgent"]],
  [
    "deadline",
    ["2027-01-31T09:00:00Z", "2027-02-31T09:00:00Z", "soon", '"2027-01-31 09:00:00+01:00"'],
  ],
  ["attachments", ['["/a","/b"]', "[/a, /b]", "\n  - /a\n  - /b", "/a", "[&x /a, *x]"]],
  ["hops", ["0", "12", "1000", "-1", "0x10"]],
  ["via", ['["desk"]', "[desk, drone]", "desk", "[1, 2]"]],
  ["on_behalf_of", ["0123456789abcdef0123456789abcdef", "somebody", "[x]"]],
  ["cancel", [id, "all"]],
  ["retry", [id]],
  ["done_when", ['[{"file":"a"}]', "\n  - file: a", "yes", '[{"answer":{"contains":"x"}}]', "[]"]],
  ["contract", ['{"checks":[{"file":"a"}],"rounds":2}', "{}", "{checks: [{file: a}]}"]],
  ["x_own", ["anything", '"a\\u2028b"', "{a: {b: [c]}}", "|\n  text\n  more", "!!binary aGk="]],
  ["__proto__", ["x", "{a: b}"]],
  ['"two words"', ["x"]],
];

function frontMatter(random: Random): string {
  const count = random.int(random.chance(10) ? 16 : 5);
  const lines = Array.from({ length: count }, () => {
    const [key, values] = random.pick(keys);
    return `${key}:${random.chance(20) ? "" : " "}${random.pick(values)}\n`;
  });
  return lines.join("");
}

function file(random: Random): Buffer {
  const front = random.chance(5) ? "" : `---\n${frontMatter(random)}---\n`;
  const text = random.pick(["do it\n", "", "--- end 3\n", "two\r\nlines", "\ufeffx\n", "---\n"]);
  const body = Buffer.from(`${front}${text}`);
  const says = random.chance(4) ? body.length + 1 : body.length;
  return random.chance(2) ? body : Buffer.concat([body, Buffer.from(`--- end ${says}\n`)]);
}

const full = requestOf("work\non it", {
  ...{ thread: "t", replyTo: id, priority: "high", deadline: "2027-01-31T09:00:00Z", hops: 3 },
  ...{ attachments: ["/a b", "/c"], via: ["desk"], behalf: "0".repeat(32), extra: { note: "ü" } },
});

export const task: Target = {
  name: "task",
  open: async () => {
    const parseYaml = await loadYaml();
    const decode = (bytes: Uint8Array, maxBytes = 60_000) =>
      decodeTask(bytes, { maxBytes, parseYaml });
    return {
      corpus: [
        encodeTask(full, { endMarker: true }),
        encodeTask(requestOf("x"), { endMarker: false }),
      ],
      generate: file,
      check: (input) => {
        const found = decode(input);
        if (!needsYaml(input) || !found.ok) {
          const without = decodeTask(input, { maxBytes: 60_000, parseYaml: null });
          if (!needsYaml(input))
            demand(isDeepStrictEqual(found, without), "it says that it needs no YAML, and does");
          else demand(!without.ok, "it takes without YAML what it refuses with it");
        }
        if (!found.ok) return false;
        const { request } = found;
        demand(request.text.trim() !== "" || request.control !== null, "a task without a text");
        const again = decode(encodeTask(request, { endMarker: true }), 1 << 22);
        const same = again.ok && isDeepStrictEqual(again.request, request);
        demand(same, `no round trip: ${JSON.stringify([request, again])}`);
        demand(again.ok && again.complete, "its own end marker is not seen");
        return true;
      },
    };
  },
};

export const frontMatterTarget: Target = {
  name: "front-matter",
  open: async () => {
    const parseYaml = await loadYaml();
    return {
      corpus: keys.flatMap(([key, values]) => values.map((one) => Buffer.from(`${key}: ${one}\n`))),
      generate: (random) => Buffer.from(frontMatter(random)),
      check: (input) => {
        // As the codec has it: whatever bytes those were, this is text.
        const text = input.toString("utf8");
        const simple = readSimple(text);
        if (simple === null) return false;
        const full: unknown = parseYaml(text);
        const values = full === null ? {} : full;
        demand(
          isDeepStrictEqual(Object.fromEntries(simple), { ...(values as object) }),
          `the two readers differ: ${JSON.stringify([[...simple], full])}`,
        );
        readFields(simple);
        return true;
      },
    };
  },
};
