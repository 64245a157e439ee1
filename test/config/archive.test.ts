/** `archive:` of con.yaml and manifests: how much is kept, never nothing, and not for a subordinate to say. */
import { expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { parseConfig } from "../../src/config/parse.ts";

const head = "name: concierge\ntier: operator\ndescription: front desk\n";
const mebibyte = 2 ** 20;

function parse(con: string, manifest = "") {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: `models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n${con}`,
    },
    agents: [{ path: "agents.d/concierge.yaml", text: `${head}${manifest}` }],
  });
  const why = problems.map(({ key }) => key);
  return { all: config?.archive, own: config?.agents[0]?.archive, why };
}

test("has defaults, and a manifest that says nothing has con.yaml's", () => {
  expect(parse("")).toEqual({ all: defaultArchive, own: undefined, why: [] });
});

test("is taken key by key: the manifest's, con.yaml's, the default", () => {
  const { all, own, why } = parse("archive: {total: 2G, file: 64M}\n", "archive: {versions: 3}\n");
  expect(why).toEqual([]);
  expect(all).toEqual({
    ...defaultArchive,
    totalBytes: 2048 * mebibyte,
    versionBytes: 64 * mebibyte,
  });
  expect(own).toEqual({ ...all, versionsPerFile: 3 });
});

test.each([
  ["{total: 0M}", "archive.total"],
  ["{file: 12}", "archive.file"],
  ["{versions: 0}", "archive.versions"],
  ["{days: 3}", "archive.days"],
  ["{}", "archive"],
  // A version would have no room in the whole.
  ["{total: 16M}", "archive"],
  ["{file: 2G}", "archive"],
])("refuses %s", (text, key) => {
  expect(parse(`archive: ${text}\n`).why).toEqual([key]);
  expect(parse("", `archive: ${text}\n`).why).toEqual([key]);
});

test("a manifest's file must fit into con.yaml's total", () => {
  expect(parse("archive: {total: 64M}\n", "archive: {file: 100M}\n").why).toEqual(["archive"]);
});
