/** `forge:` of con.yaml: packages as people write them, as the runner reads them, and what is refused. */
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const head = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";
const desk = "name: concierge\ntier: operator\ndescription: front desk\n";
const agents = [{ path: "agents.d/concierge.yaml", text: desk }];
const layer = "0123456789abcdef".repeat(4);

const parse = (text: string) => {
  const system = { path: "con.yaml", text: `${head}${text}` };
  const { config, problems } = parseConfig({ system, agents });
  return { forge: config?.forge, why: problems.map(({ key, why }) => `${key}: ${why}`) };
};

test("packages are imported by their name, or by what they provide", () => {
  const { forge, why } = parse(
    `forge:
  packages:
    - {package: typing-extensions==4.12.2, layer: ${layer}}
    - {package: PyYAML==6.0.2, layer: ${layer}, provides: [yaml]}
    - {package: "@scope/x==1.0.0", layer: ${layer}}
`,
  );
  expect(why).toEqual([]);
  expect(forge?.packages).toEqual([
    { package: "typing-extensions==4.12.2", layer, provides: ["typing_extensions"] },
    { package: "PyYAML==6.0.2", layer, provides: ["yaml"] },
    { package: "@scope/x==1.0.0", layer, provides: ["@scope/x"] },
  ]);
  expect(parse("").forge).toEqual({ packages: [] });
});

test.each([
  ["not pinned", `{package: six, layer: ${layer}}`],
  ["an option", `{package: "--pre==1", layer: ${layer}}`],
  ["a path for a layer", "{package: six==1.17.0, layer: ../../etc}"],
  ["twice", `{package: six==1.17.0, layer: ${layer}}, {package: six==1.17.0, layer: ${layer}}`],
])("refused: %s", (_, entries) => {
  const { forge, why } = parse(`forge: {packages: [${entries}]}\n`);
  expect(why).toHaveLength(1);
  expect(why[0]).toContain("forge.packages");
  expect(forge).toBeUndefined();
});
