/** A call of a tool that a (scripted) coder made, against the same program in a bare throw-away sandbox; and its making. */
import type { BootedSuite } from "../suite.ts";
import { addAgent, type Call, callRows } from "./tools.ts";

const number = { type: "integer", minimum: 0 };
const object = (name: string) => ({
  type: "object",
  properties: { [name]: number },
  required: [name],
});

const code = `import json, sys
print(json.dumps({"value": json.load(sys.stdin)["n"] * 2}))
`;
const coder = {
  ...{ code, dependencies: [] },
  tests: [{ arguments_json: '{"n": 7}', result_json: '{"value": 14}' }],
};

/** Each of its own name: one whose purpose is taken is not forged again. */
const order = {
  ...{ name: "double%n", language: "python", purpose: "Doubles a number, the %n. of its kind" },
  ...{ inputs: object("n"), output: object("value") },
  examples: [{ arguments: { n: 10 }, result: { value: 20 } }],
};

const calls: readonly Call[] = [
  {
    figure: "`forge_tool`: asked, checked, two tests, registered",
    call: { name: "forge_tool", arguments: order },
    expect: "version 1 is there",
    floor: null,
    isSlow: true,
  },
  {
    figure: "a call of the forged tool",
    call: { name: "use_tool", arguments: { name: "forged.double1", arguments: { n: 21 } } },
    expect: '"value":42',
    floor: { sandbox: "python", code: "import json, sys" },
    floorName: "nothing in a throw-away sandbox of the same language",
  },
];

export const forge: BootedSuite = {
  profile: "default",
  about: "The coder answers at once, and is right.",
  async measure(world) {
    const can = "can: {tools: [forge_tool, forged, list_files], models: [coder]}";
    await addAgent(world, can);
    return { rows: await callRows(world, calls, coder) };
  },
};
