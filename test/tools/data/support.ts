/** The data tools in a directory, without a sandbox. */
import fs from "node:fs";
import path from "node:path";
import { answer } from "../../../src/data/program.ts";
import { type DataRequest, replyMark } from "../../../src/data/protocol.ts";
import { lexicalEmbedder } from "../../../src/memory/lexical.ts";
import { createExecute, type Execute } from "../../../src/sandbox/exec.ts";
import type { ToolContext } from "../../../src/tools/tool.ts";
import { createWorld, executed, type World } from "../support/world.ts";

const program = path.resolve("src/con.ts");

/** In this process: quick. */
const here: Execute = async ({ input }) => {
  const request = JSON.parse(Buffer.from(input ?? "").toString()) as DataRequest;
  return executed(`\n${replyMark}${JSON.stringify(await answer(request))}\n`);
};

/** As it is run: a process of its own. */
export const realProgram = (workspace: string): Partial<ToolContext> => ({
  dataProgram: [process.execPath, program, "data"],
  execute: createExecute({
    isolation: { kind: "none", workspace },
    limits: { memoryBytes: 8 * 2 ** 30, maxProcesses: 4096, fileBytes: 2 ** 30 },
    environment: { PATH: process.env["PATH"] ?? "", HOME: workspace },
  }),
});

export function dataWorld(change: Partial<ToolContext> = {}): World {
  const { context, ...world } = createWorld();
  fs.mkdirSync(path.join(world.base, "archive"));
  const own: ToolContext = {
    ...context,
    files: {
      ...context.files,
      owners: [process.geteuid?.() ?? -1],
      archive: {
        directory: path.join(world.base, "archive"),
        versionBytes: 1 << 20,
        versionsPerFile: 3,
        totalBytes: 4 << 20,
      },
    },
    shell: { ...context.shell, maxTimeoutSeconds: 600 },
    now: Date.now,
    dataProgram: ["data"],
    embedding: () => Promise.resolve(lexicalEmbedder),
    execute: here,
    ...change,
  };
  return { ...world, context: own, run: (tool, args) => tool.run(args, own) };
}
