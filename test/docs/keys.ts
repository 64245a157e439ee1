/**
 * docs/keys.md: every key of con.yaml, of manifests, roles and contracts, out of the schemas that the checks use.
 * Reads schemas only; test/docs/docs.test.ts holds the defaults against what the compiler does.
 */
import agent from "../../src/config/schema/agent.schema.json" with { type: "json" };
import system from "../../src/config/schema/con.schema.json" with { type: "json" };
import role from "../../src/config/schema/role.schema.json" with { type: "json" };
import contract from "../../src/contract/schema/contract.schema.json" with { type: "json" };
import { cell } from "./markdown.ts";

export interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly then?: Schema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface Key {
  /** As people write it: `models.NAME.context`; `[]` is an entry of a list, `NAME` any name. */
  readonly path: string;
  readonly what: string;
  readonly isRequired: boolean;
  /** Undefined where nothing is put in its place. */
  readonly fallback: unknown;
}

const files: readonly (readonly [title: string, about: string, schema: Schema])[] = [
  ["con.yaml", "the system; see [configuration.md](configuration.md)", system],
  ["agents.d/NAME.yaml", "one agent; see [configuration.md](configuration.md)", agent],
  ["roles/NAME/role.yaml", "the most that a temporary agent of the role gets", role],
  ["contracts/NAME.yaml", "one contract; see [contracts.md](contracts.md)", contract],
];

/** All keys of a schema, in its order. */
export function keysOf(schema: Schema): Key[] {
  const walk = (node: Schema, path: string): Key[] => {
    const { properties = {}, required = [], additionalProperties: rest } = node;
    const named = Object.entries(properties).flatMap(([name, written]) => {
      const one = resolved(schema, written);
      const below = path === "" ? name : `${path}.${name}`;
      const isRequired = required.includes(name);
      const what = one.description ?? "";
      return [{ path: below, what, isRequired, fallback: one.default }, ...walk(one, below)];
    });
    const any = typeof rest === "object" ? walk(resolved(schema, rest), `${path}.NAME`) : [];
    const further = [node.then, node.items].flatMap((one) => {
      if (one === undefined) return [];
      return walk(resolved(schema, one), one === node.items ? `${path}[]` : path);
    });
    return [...named, ...any, ...further];
  };
  return walk(schema, "");
}

/** What stands beside a `$ref` goes before what it names. */
function resolved(schema: Schema, node: Schema): Schema {
  const name = node.$ref?.replace("#/$defs/", "");
  return name === undefined ? node : { ...schema.$defs?.[name], ...node };
}

export function keysPage(): string {
  const parts = files.flatMap(([title, about, schema]) => [
    `## \`${title}\``,
    "",
    `${about[0]?.toUpperCase()}${about.slice(1)}.`,
    "",
    "| key | what is expected | default |",
    "|---|---|---|",
    ...keysOf(schema).map(rowOf),
    "",
  ]);
  return `${intro}\n${parts.join("\n")}`;
}

const intro = `# Every key

Written by \`node test/docs/document.ts\` from the schemas in \`src/config/schema\` and \`src/contract/schema\`; do not edit.

\`NAME\` is a name of your own, \`[]\` an entry of a list. An empty default: nothing is put in the place of the key. Where a
manifest says nothing about \`model\`, \`retention\`, \`archive\` or \`cascade\`, what \`con.yaml\` says holds; where a role says
nothing, what its parent has.
`;

const rowOf = ({ path, what, isRequired, fallback }: Key): string => {
  const shown = fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``;
  return `| \`${path}\` | ${cell(what)} | ${isRequired ? "*required*" : shown} |`;
};
