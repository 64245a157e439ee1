/** Answers that must be JSON and fit a schema: judged, published, and never longer than is permitted. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { safeText } from "../../src/commands/shared/text.ts";
import { jsonCheck } from "../../src/runner/completion/json.ts";
import { createCompletion } from "../../src/runner/completion.ts";
import type { DoneWhen } from "../../src/task/done-when/types.ts";
import { readDoneWhen } from "../../src/task/done-when.ts";
import type { Trust } from "../../src/task/task.ts";
import { createBench, scriptedModel } from "../agent/support/scripted.ts";
import { aJson, aSchema } from "../task/support/schema.ts";
import { createWorld } from "../tools/support/world.ts";

const worlds: ReturnType<typeof createWorld>[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
});

function demand(...list: readonly unknown[]): DoneWhen {
  const read = readDoneWhen(list, undefined);
  if (!read.ok || read.doneWhen === null) throw new Error(read.ok ? "none" : read.why);
  return read.doneWhen;
}

function completionOf(list: readonly unknown[], trust: Trust = "verified") {
  const world = createWorld();
  worlds.push(world);
  const { task } = world.context;
  const context = { ...world.context, task: { ...task, trust } };
  return createCompletion(demand(...list), { tools: [], context });
}

const disks = {
  type: "object",
  properties: {
    disks: { type: "array", items: { $ref: "#/$defs/disk" } },
    at: { enum: ["now", "then"] },
  },
  required: ["disks"],
  additionalProperties: false,
  $defs: {
    disk: {
      type: "object",
      properties: { used: { type: "integer", minimum: 0, maximum: 100 } },
      required: ["used"],
    },
  },
};

const generous = 60_000;

describe("an answer", () => {
  it.each([
    ['{"disks":[]}', "pass", "fits"],
    [' {"disks":[{"used":5}],"at":"now"}\n', "pass", "fits"],
    ["Here it is: {}", "fail", "one JSON value and nothing else"],
    ['{"disks":[]} {"disks":[]}', "fail", "one JSON value and nothing else"],
    ["{disks: []}", "fail", "one JSON value and nothing else"],
    ["{}", "fail", "at the top: must have required property 'disks'"],
    ["[]", "fail", "at the top: must be object"],
    ['{"disks":[{"used":"5"}]}', "fail", "at /disks/0/used: must be integer"],
    ['{"disks":[{"used":1e999}]}', "fail", "at /disks/0/used: must be"],
    ['{"disks":[{"used":101},{}]}', "fail", "at /disks/1: must have required property 'used'"],
    ['{"disks":[],"more":1}', "fail", 'must NOT have additional properties: "more"'],
    ['{"disks":[],"at":"soon"}', "fail", 'allowed values: ["now","then"]'],
    ['{"disks":[],"disks":[{"used":1}]}', "fail", "a key twice"],
    ['{"disks":[{"used":1,"__proto__":1}]}', "pass", "fits"],
    ['{"disks":[{"__proto__":{"used":1}}]}', "fail", "required property 'used'"],
  ])("%.60s: %s", (answer, state, found) => {
    const made = jsonCheck(demandOf(disks).schema, answer, generous);
    expect(made.found).toContain(found);
    expect(made.state).toBe(state);
  });

  it("has nothing that it only inherits", () => {
    for (const required of [["toString"], ["constructor"]])
      expect(jsonCheck({ required }, "{}", generous).state).toBe("fail");
    const properties = { constructor: { type: "number" } };
    expect(jsonCheck({ properties }, "{}", generous).state).toBe("pass");
    expect(jsonCheck({ properties }, '{"constructor":""}', generous).state).toBe("fail");
  });

  it("is told some of what is wrong, and how much more there is", () => {
    const items = { type: "string" };
    const some = jsonCheck({ items }, JSON.stringify(Array(20).fill(1)), generous);
    expect(some.found.match(/must be string/g)).toHaveLength(8);
    expect(some.found).toContain("and 12 more");
    // Where that could be very much, the first is enough.
    const many = jsonCheck({ items }, JSON.stringify(Array(200_000).fill(1)), generous);
    expect(many.found.match(/must be string/g)).toHaveLength(1);
  });

  it("is judged or not, but does no harm, however deep it is", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(jsonCheck({ type: "object" }, deep, generous).state).toBe("fail");
    const twice = jsonCheck({ uniqueItems: true }, `[${deep},${deep}]`, generous);
    expect(twice).toMatchObject({ state: "error", found: expect.stringContaining("call stack") });
  });

  it("that cannot be compared is not passed", () => {
    const made = jsonCheck({ enum: [{}] }, '{"toString":null}', generous);
    expect(made).toMatchObject({
      state: "error",
      found: expect.stringContaining("not a function"),
    });
  });

  it("that takes too long to judge is not passed", () => {
    const answer = JSON.stringify(Array.from({ length: 50_000 }, (_, n) => ({ n })));
    const made = jsonCheck({ uniqueItems: true }, answer, 50);
    expect(made).toMatchObject({ state: "error", found: expect.stringContaining("50 ms") });
  });
});

function demandOf(schema: unknown) {
  const [check] = demand({ answer_json: { schema } }).checks;
  if (check?.probe.kind !== "answer_json") throw new Error("another kind");
  return check.probe;
}

/** Objects with such names ajv compares by calling them: then nothing is known, and nothing passes. */
const incomparable = /constructor|valueOf|toString/;

describe("every schema that is permitted", () => {
  it("compiles, and neither it nor the answer becomes code", () => {
    fc.assert(
      fc.property(aSchema, aJson, (schema, value) => {
        const made = jsonCheck(demandOf(schema).schema, JSON.stringify(value), generous);
        if (!incomparable.test(JSON.stringify([schema, value])))
          expect(["pass", "fail"]).toContain(made.state);
        expect(globalThis).not.toHaveProperty("owned");
      }),
    );
  });

  it("of one value passes that one only", () => {
    fc.assert(
      fc.property(aJson, aJson, (wanted, value) => {
        const text = JSON.stringify(value);
        const isSame = isDeepStrictEqual(wanted, value);
        const made = jsonCheck({ enum: [wanted] }, text, generous);
        if (!incomparable.test(JSON.stringify([wanted, value])))
          expect(made.state).toBe(isSame ? "pass" : "fail");
        if (made.state === "pass") expect(JSON.parse(text)).toEqual(wanted);
      }),
    );
  });
});

describe("what is published", () => {
  const form = { answer_json: { schema: disks } };
  const json = '{\n  "disks": []\n}';

  it("is the bare JSON, and that is what all checks see", async () => {
    const completion = completionOf([form, { answer_matches: "^\\{" }]);
    const signal = new AbortController().signal;
    for (const answer of [
      json,
      ` ${json}\n`,
      `\`\`\`json\n${json}\n\`\`\``,
      `\`\`\`\n${json}\n\`\`\`\n`,
    ]) {
      expect(completion.publish?.(answer)).toBe(json);
      const results = await completion.evaluate(answer, signal);
      expect(results.map(({ state }) => state)).toEqual(["pass", "pass"]);
    }
    const [talk] = await completion.evaluate(`Here:\n\`\`\`json\n${json}\n\`\`\``, signal);
    expect(talk?.state).toBe("fail");
  });

  it("is untouched where no JSON was demanded", () => {
    const fenced = "```json\n{}\n```";
    expect(completionOf([{ answer_matches: "a" }]).publish?.(fenced)).toBe(fenced);
  });

  it("reads the same after it was made safe for a terminal", () => {
    const completion = completionOf([{ answer_json: { schema: {} } }]);
    fc.assert(
      fc.property(aJson, (value) => {
        const text = JSON.stringify(value, null, 2).replaceAll("\n", "\r");
        const shown = safeText(completion.publish?.(text) ?? "");
        expect(JSON.parse(shown)).toEqual(JSON.parse(text));
      }),
    );
    const text = '{"a":"\u009b31m\u202e\u007f"}';
    expect(JSON.parse(safeText(text))).toEqual(JSON.parse(text));
  });
});

it("a sender who is not verified may demand it, in one round", () => {
  const completion = completionOf([{ answer_json: { schema: disks } }], "unverified");
  expect(completion).toMatchObject({ refusal: null, rounds: 1 });
});

it("a model that talks is told what is wrong, and its sender gets the bare JSON", async () => {
  const turns = ["I think none is full.", '{"disks":[{}]}', '```json\n{"disks":[{"used":7}]}\n```'];
  const model = scriptedModel(turns.map((text) => ({ text })));
  const completion = completionOf([{ answer_json: { schema: disks } }]);
  const outcome = await createBench(model).run({ completion });
  expect(outcome).toMatchObject({ kind: "done", answer: '{"disks":[{"used":7}]}' });
  const told = model.requests.map(({ messages }) => JSON.stringify(messages));
  expect(told[1]).toContain("it must be one JSON value and nothing else");
  expect(told[2]).toContain("at /disks/0: must have required property 'used'");
});

it("a model that goes on talking fails, in the rounds there are", async () => {
  const model = scriptedModel([
    { text: "one" },
    { text: "two" },
    { text: "three" },
    { text: "{}" },
  ]);
  const completion = completionOf([{ answer_json: { schema: {} } }]);
  const outcome = await createBench(model).run({ completion });
  expect(outcome).toMatchObject({ kind: "failed", checks: [{ state: "fail" }] });
  expect(model.requests).toHaveLength(3);
});
