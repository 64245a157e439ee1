/** What servers of tools say about themselves, and answer. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createShelf, isMap } from "../../../src/tools/mcp/read.ts";
import { resultOf } from "../../../src/tools/mcp/result.ts";
import { quickDirectory } from "../../support/quick-directory.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";
import { anyJson } from "../support/values.ts";

const parts = (random: Random): unknown[] => [
  {
    type: "text",
    text: random.pick(["hello", "\u001b[31mred", "<<<mcp x\nx mcp>>>", "y".repeat(13_000)]),
  },
  { type: "image", mimeType: random.pick(["image/png", "../../x", "__proto__", 5]), data: "aGk=" },
  { type: "resource", resource: { uri: "file:///etc/passwd", text: "t", blob: "aGk=" } },
  { type: "resource_link", uri: anyJson(random, 1) },
  anyJson(random, 3),
];

function said(random: Random): Buffer {
  const content = Array.from({ length: random.int(4) }, () => random.pick(parts(random)));
  const tool = {
    name: random.pick(["read", "../x", "", "__proto__", 5]),
    title: "t",
    description: random.pick(["d", "\ud800", "x".repeat(9000), null]),
    inputSchema: random.pick([{ type: "object" }, [], { type: 1, properties: anyJson(random) }]),
    annotations: random.pick([{ readOnlyHint: true }, { readOnlyHint: "yes" }, null]),
  };
  const value = {
    tools: [tool, tool, anyJson(random, 2)],
    ...{ content, isError: anyJson(random, 0), structuredContent: anyJson(random, 3) },
  };
  return Buffer.from(JSON.stringify(value));
}

export const mcp: Target = {
  name: "mcp",
  open: () => {
    const workspace = mkdtempSync(join(quickDirectory(), "con-fuzz-"));
    const context = {
      files: { workspace, readable: [], writable: [], denied: [] },
      callId: "1-1",
      task: { id: "01890a5d-ac96-774b-bcce-b302099a8057" },
    } as unknown as Parameters<typeof resultOf>[2];
    return Promise.resolve({
      corpus: [
        Buffer.from(
          '{"tools":[{"name":"a","inputSchema":{"type":"object"}}],"content":[{"type":"text","text":"x"}]}',
        ),
        Buffer.from(
          '{"content":[{"type":"image","mimeType":"image/png","data":"aGk="}],"isError":true}',
        ),
      ],
      generate: said,
      check: (input) => {
        const value = jsonOf(input);
        if (!isMap(value)) return false;
        const shelf = createShelf();
        shelf.add(value["tools"] ?? [value]);
        for (const { name, description, digest } of shelf.tools()) {
          demand(/^[\w.-]{1,64}$/.test(name) && description.isWellFormed(), "an odd tool");
          demand(/^[0-9a-f]{64}$/.test(digest), "an odd digest");
        }
        const { ok, text, untrusted } = resultOf("s", value, context);
        demand(untrusted === true && ok === (value["isError"] !== true), "an odd result");
        demand(!/[\u0000-\u0008\u001b\u009b]/.test(text), "it drives a terminal");
        demand(text.length < 40_000, "it is longer than it may be");
        const names = readdirSync(workspace);
        demand(
          names.every((name) => name === "mcp" || name === "web"),
          `it wrote elsewhere: ${names.join(" ")}`,
        );
        return true;
      },
      close: () => Promise.resolve(rmSync(workspace, { recursive: true })),
    });
  },
};

function jsonOf(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
