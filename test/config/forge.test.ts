/** `forge:` of con.yaml: packages as people write them, as the runner reads them, and what is refused. */
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const head = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";
const desk = "name: concierge\ntier: operator\ndescription: front desk\n";
const agents = [{ path: "agents.d/concierge.yaml", text: desk }];
const layer = "0123456789abcdef".repeat(4);
const integrity = `sha512-${"A".repeat(86)}==`;

const parse = (text: string) => {
  const system = { path: "con.yaml", text: `${head}${text}` };
  const { config, problems } = parseConfig({ system, agents });
  return { forge: config?.forge, why: problems.map(({ key, why }) => `${key}: ${why}`) };
};

test("packages are imported by their name, or by what they provide", () => {
  const { forge, why } = parse(
    `forge:
  packages:
    - {package: typing-extensions==4.12.2, language: python, layer: ${layer}}
    - {package: PyYAML==6.0.2, language: python, provides: [yaml]}
    - {package: "@scope/x==1.0.0", language: node, integrity: ${integrity}}
  registries: {node: "http://10.0.0.1:4873/"}
`,
  );
  expect(why).toEqual([]);
  const python = { language: "python", integrity: null };
  expect(forge).toEqual({
    packages: [
      { package: "typing-extensions==4.12.2", ...python, layer, provides: ["typing_extensions"] },
      { package: "PyYAML==6.0.2", ...python, layer: null, provides: ["yaml"] },
      {
        ...{ package: "@scope/x==1.0.0", language: "node", integrity, layer: null },
        provides: ["@scope/x"],
      },
    ],
    registries: { node: "http://10.0.0.1:4873/" },
  });
  expect(parse("").forge).toEqual({ packages: [], registries: {} });
});

test.each([
  ["not pinned", "{package: six, language: python}"],
  ["of no language", "{package: six==1.17.0}"],
  ["an option", '{package: "--pre==1", language: python}'],
  ["a way out", '{package: "../x==1", language: node}'],
  ["a path for a layer", "{package: six==1.17.0, language: python, layer: ../../etc}"],
  ["a digest of another kind", `{package: six==1.17.0, language: python, integrity: ${integrity}}`],
  ["twice", "{package: six==1, language: python}, {package: six==1, language: python}"],
])("refused: %s", (_, entries) => {
  const { forge, why } = parse(`forge: {packages: [${entries}]}\n`);
  expect(why).toHaveLength(1);
  expect(why[0]).toContain("forge.packages");
  expect(forge).toBeUndefined();
});

test.each(["ftp://x/", "http://u:p@x/", "http://x/?q", "//x", "http://"])(
  "no registry: %s",
  (address) => {
    const { forge, why } = parse(`forge: {registries: {node: "${address}"}}\n`);
    expect(why[0]).toContain("forge.registries");
    expect(forge).toBeUndefined();
  },
);
