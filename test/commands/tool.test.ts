/** `con tool`: what people see of forged tools, and that nothing of them is opened as root. */
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer } from "../../src/commands/tool/answer.ts";
import { run } from "../../src/commands/tool.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { createRegistry } from "../../src/tools/forge/registry.ts";
import { createSandbox, made } from "../tools/forge/support.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const evil = "\u001b[31mred\u202e";

function withTools() {
  const { root } = makeSystem(["desk"]);
  const { tools } = agentPaths(root, "desk");
  fs.mkdirSync(tools, { recursive: true });
  const registry = createRegistry(nodeDisk, tools);
  registry.register(made("fib", "# program: right", { purpose: `says ${evil}` }));
  registry.register(made("fib", `# program: wrong ${evil}`, { purpose: `says ${evil}` }));
  registry.register(made("sum", "# program: right"));
  return { root, tools };
}

async function said(root: string, ...argv: string[]): Promise<string> {
  const { io, out } = makeIo(root);
  expect(await run([...argv, "--agent", "desk"], io)).toBe(exit.ok);
  return out();
}

describe("con tool", () => {
  it("lists and shows what there is, and drives no terminal", async () => {
    const { root } = withTools();
    const list = await said(root, "list");
    const show = await said(root, "show", "fib");
    for (const text of [list, show, await said(root, "show", "fib", "--json")])
      expect(text).not.toMatch(/\u001b|\u202e/);
    expect(list).toMatch(/^fib +2 +0 +0 +python +says /m);
    expect(show).toContain("# program: wrong");
    expect(await said(root, "show", "fib", "--version", "1")).toContain("# program: right");
    expect(JSON.parse(await said(root, "list", "--json"))).toMatchObject({
      agent: "desk",
      tools: [
        { name: "fib", version: 2, versions: [1, 2], calls: 0, trouble: null },
        { name: "sum", version: 1 },
      ],
    });
  });

  it("turns back, takes out of use, and brings back", async () => {
    const { root, tools } = withTools();
    expect(await said(root, "rollback", "fib")).toBe("forged.fib is at version 1\n");
    const none = await failure(() => said(root, "rollback", "fib"));
    expect(none).toMatchObject({ code: exit.badInput, why: "forged.fib has no earlier version" });
    expect(await said(root, "remove", "fib")).toBe("forged.fib is out of use\n");
    expect(await said(root, "list")).toContain("forged.fib was removed");
    expect(await said(root, "rollback", "fib")).toBe("forged.fib is at version 2\n");
    fs.appendFileSync(join(tools, "versions/fib/1/code"), "\n");
    const changed = await failure(() => said(root, "rollback", "fib", "--to", "1"));
    expect(changed.why).toContain("version 1 is not what was registered");
    const odd = await failure(() => said(root, "show", "../../state"));
    expect(odd).toMatchObject({ code: exit.badInput, why: "there is no forged.../../state" });
  });

  it("follows no link that stands in the place of a file", async () => {
    const { root, tools } = withTools();
    const code = join(tools, "versions/sum/1/code");
    fs.renameSync(code, `${code}.moved`);
    fs.symlinkSync(`${code}.moved`, code);
    const refused = await failure(() => said(root, "show", "sum"));
    expect(refused.why).toContain("is not what was registered");
  });

  it("runs the tests of a tool", async () => {
    const { tools } = withTools();
    const world = { disk: nodeDisk, sandbox: createSandbox().run };
    const test = (version: number | null) =>
      answer({ tools, request: { verb: "test", tool: "fib", version } }, world);
    // The one with wrong in it gives back its argument, which is right for 1 alone.
    expect(await test(1)).toEqual({
      ok: true,
      value: { tool: "fib", version: 1, tests: 1, failures: [] },
    });
    const broken = createRegistry(nodeDisk, tools);
    broken.register(made("fib", "# program: shapeless"));
    expect(await test(null)).toMatchObject({
      ok: true,
      value: { version: 3, failures: [expect.stringContaining("does not fit output")] },
    });
  });

  it("lists, shows and tests those that all may share, and drives no terminal", async () => {
    const { root } = withTools();
    const shared = createRegistry(nodeDisk, join(root, "tools"), "shared");
    const { io: empty, out: nothing } = makeIo(root);
    expect(await run(["list", "--shared"], empty)).toBe(exit.ok);
    expect(nothing()).toBe("no tool is shared\n");
    shared.register(made("fib", `# program: right ${evil}`, { purpose: `says ${evil}` }));
    const pointer = join(root, "tools/current/fib.json");
    const text = fs.readFileSync(pointer, "utf8");
    fs.writeFileSync(pointer, text.replace('"format": 1', '"format": 1, "owner": "smith"'));
    const sharedSaid = async (...argv: string[]): Promise<string> => {
      const { io, out } = makeIo(root);
      expect(await run([...argv, "--shared"], io)).toBe(exit.ok);
      expect(out()).not.toMatch(/\u001b|\u202e/);
      return out();
    };
    expect(await sharedSaid("list")).toMatch(/^fib +1 +smith +python +says /m);
    expect(await sharedSaid("show", "fib")).toMatch(/^tool {7}shared\.fib$/m);
    fs.appendFileSync(join(root, "tools/versions/fib/1/code"), "x");
    expect(await sharedSaid("list")).toContain("version 1 is not what was registered");
    const changed = await failure(() => sharedSaid("show", "fib"));
    expect(changed).toMatchObject({ code: exit.badInput });
    const turn = await failure(() => said(root, "unshare", "fib"));
    expect(turn).toMatchObject({ code: exit.usage });
  });

  it("runs tests that another process read", async () => {
    const { tools } = withTools();
    const world = { disk: nodeDisk, sandbox: createSandbox().run };
    const { manifest, code, tests } = made("fib", "# program: right");
    const request = { verb: "try", code, tests } as const;
    const whole = { format: 1 as const, version: 4, ...manifest };
    expect(await answer({ tools, request: { ...request, manifest: whole } }, world)).toEqual({
      ok: true,
      value: { tool: "fib", version: 4, tests: 1, failures: [] },
    });
  });

  it("is answered by no process of root", async () => {
    const { root } = withTools();
    const { io } = makeIo(root);
    const refused = await failure(() => run(["answer"], { ...io, uid: 0 }));
    expect(refused).toMatchObject({ code: exit.permission });
  });
});
