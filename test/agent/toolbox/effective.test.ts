/** What a call means: the words of `use_tool` become a call of the tool, or say why they are none. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectiveCall, mended, wrapFault } from "../../../src/agent/toolbox/effective.ts";
import { call } from "../support/scripted.ts";

const use = (args: unknown) => call("use_tool", args, "id");
const meant = (args: unknown) => effectiveCall(use(args));
const deep = `{"name":"a","arguments":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`;

describe("a call through use_tool", () => {
  it("is one of the tool that it names, under its own id", () => {
    expect(meant({ name: "forged.count", arguments: { text: "x" } })).toEqual({
      id: "id",
      name: "forged.count",
      arguments: '{"text":"x"}',
    });
    expect(meant({ name: "memories" })).toMatchObject({ name: "memories", arguments: "{}" });
    // Some models write the inner object as a text.
    expect(meant({ name: "a", arguments: '{"b":1}' })).toMatchObject({ arguments: '{"b":1}' });
    expect(wrapFault(use({ name: "a", arguments: {} }))).toContain("names no tool");
  });

  it.each([
    ["no name", { arguments: {} }, "lacks a name"],
    ["itself", { name: "use_tool", arguments: { name: "shell" } }, "cannot call itself"],
    ["a list", { name: "a", arguments: [1] }, "not a JSON object"],
    ["arguments beside the name", { name: "a", text: "x" }, 'no "text"'],
    ["no object", "[1]", "not a JSON object"],
    ["half a text", '{"name":"a","argu', "not whole JSON"],
    ["a long name", { name: "a".repeat(201), arguments: {} }, "so long a name"],
    ["a deep one", deep, "not whole JSON"],
  ])("stays what it is with %s, and says why", (_, args, why) => {
    expect(meant(args)).toEqual(use(args));
    expect(wrapFault(use(args))).toContain(why);
    expect(wrapFault(use(args))).toContain('Write {"name"');
  });

  it("leaves every other call alone", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, args) => {
        fc.pre(name !== "use_tool");
        expect(effectiveCall(call(name, args))).toEqual(call(name, args));
        expect(wrapFault(call(name, args))).toBeNull();
      }),
    );
  });

  it("never throws, and comes to the same when it is read again", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (args) => {
        const once = meant(args);
        expect(effectiveCall(once)).toEqual(once);
      }),
    );
  });

  it("is put right before it is written down, where its JSON is only nearly right", async () => {
    const reply = (args: string) => ({
      ...{ text: "", model: "m", usage: { input: 0, output: 0 }, costUsd: 0 },
      toolCalls: [use(args), call("shell", "{nearly: 1,}")],
    });
    const [first, second] = (await mended(reply('```json\n{"name":"a","arguments":{},}\n```')))
      .toolCalls;
    expect(first?.arguments).toBe('{"name":"a","arguments":{}}');
    expect(second?.arguments).toBe("{nearly: 1,}");
    const cut = reply('{"name":"a","arguments":{"command":"rm ');
    expect(await mended(cut)).toEqual(cut);
  });
});
