/** What models write as arguments of tools: the compiled validators against the raw schemas. */
import { isDeepStrictEqual } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseArguments } from "../../../src/agent/arguments.ts";
import { validators } from "../../../src/generated/tool-validators.js";
import { builtinTools } from "../../../src/tools/registry.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";
import { valueFor } from "../support/values.ts";

type Schema = Readonly<Record<string, unknown>>;

/** As models spoil JSON. */
function spoilt(text: string, random: Random): string {
  switch (random.int(8)) {
    case 0:
      return `\`\`\`json\n${text}\n\`\`\``;
    case 1:
      return text.replace(/}$/, ",}");
    case 2:
      return text.replaceAll('"', "'");
    case 3:
      return text.slice(0, random.int(text.length + 1));
    case 4:
      return text.replace(/"(\w+)":/, "$1:");
    default:
      return text;
  }
}

export const toolArguments: Target = {
  name: "tool-arguments",
  open: () => {
    const tools = builtinTools();
    const ajv = new Ajv2020({ strict: false });
    const fits = new Map(tools.map(({ name, parameters }) => [name, ajv.compile(parameters)]));
    const names = [...fits.keys()];
    const write = (random: Random): string => {
      const at = random.int(tools.length);
      const schema = (tools[at]?.parameters ?? {}) as Schema;
      const value = valueFor(schema, random, { root: schema, more: ["path/a.txt", "ls -l"] });
      return `${String.fromCharCode(32 + at)}${JSON.stringify(value)}`;
    };
    return Promise.resolve({
      corpus: names.map((_, at) =>
        Buffer.from(`${String.fromCharCode(32 + at)}{"path":"a","n":1}`),
      ),
      generate: (random) => {
        const text = write(random);
        return Buffer.from(text.slice(0, 1) + spoilt(text.slice(1), random));
      },
      /** The first byte says which tool. */
      check: async (input) => {
        const name = names[Math.abs((input[0] ?? 32) - 32) % names.length] ?? "";
        const validate = validators[name];
        const judge = fits.get(name);
        if (validate === undefined || judge === undefined) throw new Error(`no tool ${name}`);
        const check = (args: unknown) => Promise.resolve(validate(args) ? null : "it does not fit");
        const found = await parseArguments(input.toString("utf8", 1), check);
        if (!found.ok) return false;
        demand(judge(found.args), `${name} takes what its schema refuses`);
        const again = await parseArguments(JSON.stringify(found.args), check);
        demand(again.ok && isDeepStrictEqual(again.args, found.args), `${name}: no round trip`);
        return true;
      },
    });
  },
};
