/** Resources of a server, as two tools of it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { asResult } from "../../../src/tools/mcp/resources.ts";
import { named, setting } from "./support/setting.ts";

const resources = [
  { uri: "note://1", name: "one", description: "the \u001b[31mfirst" },
  { uri: "picture://1", name: "two", mimeType: "image/png" },
];
const contents = {
  "note://1": [{ uri: "note://1", text: "of the sea" }],
  "picture://1": [
    { uri: "picture://1", mimeType: "image/png", blob: Buffer.from("dots").toString("base64") },
  ],
};

test("a server that has resources gets two more tools; texts are framed, others are files", async () => {
  const one = setting();
  one.behave({ tools: [named("structured")], resources, contents });
  expect((await one.list()).names).toEqual(
    ["structured", "list_resources", "read_resource"].map((name) => `mcp.files.${name}`),
  );
  const listed = await one.call("list_resources");
  expect(listed).toMatchObject({ ok: true, untrusted: true });
  expect(listed.text).toContain('"uri":"note://1"');
  expect(listed.text).not.toContain("\u001b");
  expect((await one.call("read_resource", { uri: "note://1" })).text).toMatch(
    /<<<mcp [0-9a-f]{32}\n\(resource "note:\/\/1"\)\nof the sea\n/,
  );
  const picture = await one.call("read_resource", { uri: "picture://1" });
  const [, path = ""] = /4 bytes: all of it is in (\S+\.png)\)/.exec(picture.text) ?? [];
  expect(readFileSync(path, "utf8")).toBe("dots");
  const missing = await one.call("read_resource", { uri: "file:///etc/passwd" });
  expect(missing).toMatchObject({ ok: false, text: expect.stringContaining("no such resource") });
});

test("a tool of the server by such a name is the server's, and without resources there is none", async () => {
  const own = setting();
  own.behave({ tools: [named("read_resource", { description: "own" })], resources, contents });
  expect((await own.list()).names).toEqual(["mcp.files.read_resource", "mcp.files.list_resources"]);
  expect((await own.call("read_resource", { uri: "note://1" })).text).toContain("no such tool");
  const none = setting();
  none.behave({ tools: [named("structured")] });
  expect((await none.list()).names).toEqual(["mcp.files.structured"]);
});

test("answers of any shape become a result within bounds", () => {
  const list = { method: "resources/list" } as const;
  const many = { resources: Array.from({ length: 700 }, () => ({ uri: "x:y" })), nextCursor: "n" };
  const { content } = asResult(list, many) as { content: { text: string }[] };
  expect(content[0]?.text.split("\n")).toHaveLength(502);
  for (const value of [{}, { resources: 5, contents: null }, { resources: [null, 1, "x"] }]) {
    expect(asResult(list, value)).toEqual({ content: [{ type: "text", text: "(no resources)" }] });
    expect(asResult({ method: "resources/read" }, value)).toEqual({ content: [] });
  }
});
