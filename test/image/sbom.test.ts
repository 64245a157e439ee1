/** The list of parts that lies in the image: whole, of the right form, of accepted licences, the same when made again. */
import { expect, test } from "vitest";
import { type Bill, billProblems } from "../supply/bill.ts";
import { billErrors } from "../supply/schema.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const file = "/usr/share/con/sbom.cdx.json";
const read = async (): Promise<Bill> => JSON.parse(await container.must(["cat", file])) as Bill;
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test("it is CycloneDX, and the check of that finds what is not", async () => {
  const bill = await read();
  expect(billErrors(bill)).toEqual([]);
  expect(billErrors({ ...bill, components: [{ name: "x" }] })).not.toEqual([]);
});

test("it has every Debian package, every npm package and Node, with versions", async () => {
  const { components } = await read();
  const listed = new Set(components.map(({ name, version }) => `${name} ${version}`));
  const debian = lines(await container.must(["dpkg-query", "--show"])).map((line) =>
    // Where several architectures may be installed at once the name says which this is.
    line.replace(/:\w+\t/, " ").replace("\t", " "),
  );
  expect(debian.length).toBeGreaterThan(100);
  expect(debian.filter((one) => !listed.has(one))).toEqual([]);
  expect(listed).toContain(`node ${(await container.must(["node", "--version"])).trim().slice(1)}`);
  const modules = await container.must([
    "find",
    "/usr/lib/con/node_modules",
    "-name",
    "package.json",
  ]);
  const top = lines(modules).filter((path) =>
    /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path),
  );
  const beside = await container.must(["jq", "-r", '.name + " " + .version', ...top]);
  expect(lines(beside).length).toBeGreaterThan(4);
  expect(lines(beside).filter((one) => !listed.has(one))).toEqual([]);
  expect([...listed].some((one) => one.startsWith("openai "))).toBe(true);
});

test("every licence in it was accepted", async () => {
  expect(billProblems(await read())).toEqual([]);
});

test("made again it is the same, and everybody may read it", async () => {
  const again = "/run/sbom-again.json";
  await container.must(["/usr/lib/con/node/bin/node", "/usr/lib/con/sbom.ts", again]);
  await container.must(["cmp", file, again]);
  await container.must(["rm", again]);
  expect((await container.exec(["cat", file], { user: "nobody" })).code).toBe(0);
  expect(
    (await container.exec(["cat", "/usr/lib/con/licences.txt"], { user: "nobody" })).code,
  ).toBe(0);
});
