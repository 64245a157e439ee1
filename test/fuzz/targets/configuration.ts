/** con.yaml, manifests, roles and contracts: what is taken fits the schema that editors show, too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse, stringify } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import agentSchema from "../../../src/config/schema/agent.schema.json" with { type: "json" };
import systemSchema from "../../../src/config/schema/con.schema.json" with { type: "json" };
import roleSchema from "../../../src/config/schema/role.schema.json" with { type: "json" };
import { createValidators } from "../../../src/config/validate.ts";
import { contractValidator, parseContract } from "../../../src/contract/parse.ts";
import contractSchema from "../../../src/contract/schema/contract.schema.json" with {
  type: "json",
};
import type { Random } from "../support/random.ts";
import { demand, type Subject, type Target } from "../support/target.ts";
import { stringsIn, valueFor } from "../support/values.ts";

const root = join(import.meta.dirname, "../../..");
const shipped = (folder: string): Buffer[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => readFileSync(join(root, folder, name)));

const smallSystem = "system: {front_desk: desk}\nmodels: {smart: [builtin/reflex]}\n";
const smallAgent = "name: desk\ndescription: d\ntier: worker\nmodel: smart\n";

const smallParts = [
  "can: {task: [], read: [/srv/con/artifacts/**], tools: [read_file, reply], models: [smart]}\n",
  "limits: {memory: 2G, cpu: 200%, tasks: 32, runtime: 30min, steps: 5}\n",
  "approval: [{tool: shell, approvers: 1, expires: 2h}]\n",
  'schedule: {at: "*-*-* 08:00", task: look}\n',
  "budget: {usd_per_day: 1, usd_per_task: 0.5}\nretention: {outbox_days: 30}\n",
  "instructions: |\n  do\n  it\n",
];

/** Compiled anew, with other settings than the product's own. */
function judge(schema: object): (text: string) => boolean {
  const validate = new Ajv2020({ strict: false, allErrors: false }).compile(schema);
  return (text) => validate(parse(text, { maxAliasCount: 64, logLevel: "silent" }));
}

type Take = (text: string) => { readonly taken: boolean; readonly problems: readonly unknown[] };

function yaml(name: string, schema: object, corpus: () => Buffer[], open: () => Take): Target {
  return {
    name,
    // Its parser looks at every key of a map for every other one.
    patience: { ms: 500, msPerByte: 0.2 },
    open: (): Promise<Subject> => {
      const take = open();
      const fits = judge(schema);
      const good = corpus();
      const more = good.flatMap((bytes) => stringsIn(parse(bytes.toString("utf8"))));
      return Promise.resolve({
        corpus: good,
        generate: (random: Random) => {
          const value = valueFor(schema as Record<string, unknown>, random, {
            root: schema as Record<string, unknown>,
            more,
          });
          const text = stringify(value, random.chance(2) ? {} : { collectionStyle: "flow" });
          return Buffer.from(text);
        },
        check: (input) => {
          const text = input.toString("utf8");
          const { taken, problems } = take(text);
          demand(
            taken === (problems.length === 0),
            "it is refused without a word, or taken with one",
          );
          if (taken) demand(fits(text), "it takes what the schema refuses");
          return taken;
        },
      });
    },
  };
}

const file = (path: string, text: string) => ({ path, text });

export const configuration = yaml(
  "configuration",
  systemSchema,
  () => [...shipped("configs/default"), ...shipped("configs/minimal"), Buffer.from(smallSystem)],
  () => {
    const validators = createValidators();
    return (text) => {
      const agents = ["desk", "concierge"].map((name) =>
        file(`agents.d/${name}.yaml`, smallAgent.replace("desk", name)),
      );
      const { config, problems } = parseConfig(
        { system: file("con.yaml", text), agents },
        validators,
      );
      return {
        taken: config !== null,
        problems: problems.filter(({ file: of }) => of === "con.yaml"),
      };
    };
  },
);

export const manifest = yaml(
  "manifest",
  agentSchema,
  () => [
    ...shipped("configs/default/agents.d"),
    ...smallParts.map((part) => Buffer.from(`${smallAgent}${part}`)),
    Buffer.from(`${smallAgent}${smallParts.join("")}`),
  ],
  () => {
    const validators = createValidators();
    return (text) => {
      const name = /^name: ["']?([a-z0-9-]+)/m.exec(text)?.[1] ?? "desk";
      const path = `agents.d/${name}.yaml`;
      const system = file("con.yaml", smallSystem.replace(": desk", `: ${name}`));
      const { config, problems } = parseConfig({ system, agents: [file(path, text)] }, validators);
      return { taken: config !== null && config.agents.length === 1, problems };
    };
  },
);

export const role = yaml(
  "role",
  roleSchema,
  () => [
    readFileSync(join(root, "configs/default/roles/helper/role.yaml")),
    Buffer.from("description: helps\n"),
  ],
  () => {
    const validators = createValidators();
    return (text) => {
      const { config, problems } = parseConfig(
        {
          system: file("con.yaml", smallSystem),
          agents: [file("agents.d/desk.yaml", smallAgent)],
          roles: [file("roles/helper/role.yaml", text)],
        },
        validators,
      );
      return { taken: Object.hasOwn(config?.roles ?? {}, "helper"), problems };
    };
  },
);

export const contract: Target = yaml(
  "contract",
  contractSchema,
  () => shipped("contracts"),
  () => {
    const validate = contractValidator();
    return (text) => {
      const found = parseContract(file("/c/x.yaml", text), validate);
      return { taken: found.contract !== null, problems: found.problems };
    };
  },
);
