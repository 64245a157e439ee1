/** An agent with one MCP server, a real process that behaves as the test says. Its sandbox: test/image/mcp.test.ts. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AgentRuntime } from "../../../../src/config/runtime.ts";
import type { McpServer } from "../../../../src/config/types.ts";
import { createMcp } from "../../../../src/runner/mcp.ts";
import { agentPaths } from "../../../../src/spool/layout.ts";
import { nodeDisk } from "../../../../src/system/disk.ts";
import { createLog } from "../../../../src/system/log.ts";
import { agentRuntime } from "../../../support/agent-runtime.ts";
import { createWorld, type World } from "../../support/world.ts";

const object = { type: "object" };
export const named = (name: string, more: object = {}) => ({ name, inputSchema: object, ...more });
export const all = [
  ...["environment", "picture", "structured", "long", "wrong", "change", "ask", "slow", "endless"],
].map((name) => named(name));

export interface Setting {
  readonly world: World;
  /** What the server is told, and where it keeps its notes. */
  readonly file: string;
  readonly logged: readonly string[];
  readonly behave: (behaviour: object) => void;
  readonly starts: () => number;
  readonly call: (tool: string, args?: object, signal?: AbortSignal) => Promise<Answer>;
  readonly list: () => Promise<{ names: string[]; trouble: string | undefined }>;
  /** As the next runner finds it. */
  readonly again: () => Promise<void>;
}

interface Answer {
  readonly ok: boolean;
  readonly text: string;
  readonly untrusted?: true;
}

export function setting(
  change: Partial<McpServer> = {},
  more: Partial<AgentRuntime> = {},
  script = "server.mjs",
  now: () => number = Date.now,
): Setting {
  const world = createWorld();
  onTestFinished(() => world.remove());
  const logged: string[] = [];
  const file = join(world.base, "behaviour.json");
  const behave = (behaviour: object): void => writeFileSync(file, JSON.stringify(behaviour));
  behave({ tools: all });
  const server = {
    ...{
      kind: "command",
      command: [process.execPath, join(import.meta.dirname, script), file],
      env: {},
    },
    ...{ credentials: {}, timeoutSeconds: 60, ...change },
  } as McpServer;
  const open = () =>
    createMcp({
      agent: agentRuntime({ mcp: { files: server }, ...more }),
      paths: { ...agentPaths("/nowhere", "x"), workspace: world.workspace, state: world.base },
      isolation: "none",
      disk: nodeDisk,
      log: { ...createLog(), info: (...words) => void logged.push(JSON.stringify(words)) },
      now,
      credentials: world.base,
    });
  let mcp = open();
  onTestFinished(() => mcp.close());
  const tools = async () => {
    const [source] = mcp.sources;
    if (source === undefined) throw new Error("no source");
    return source.list();
  };
  return {
    world,
    file,
    logged,
    behave,
    starts: () =>
      existsSync(`${file}.starts`)
        ? readFileSync(`${file}.starts`, "utf8").trim().split("\n").length
        : 0,
    async list() {
      const found = await tools();
      return { names: found.tools.map(({ name }) => name), trouble: found.trouble };
    },
    async call(name, args = {}, signal = new AbortController().signal) {
      const found = (await tools()).tools.find((one) => one.name === `mcp.files.${name}`);
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found.run(args as never, { ...world.context, signal });
    },
    async again() {
      await mcp.close();
      mcp = open();
    },
  };
}
