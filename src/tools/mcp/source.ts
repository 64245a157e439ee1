/**
 * The tools of one MCP server, for the index of tools (tools/source.ts).
 *
 * The server is started when a tool of it is called, or when nothing is known of it yet; what it said last is remembered
 * on disk. Never: runs a tool that the server has not now; runs one that says something else of itself than it did, before
 * the model was told; takes a word of the server for more than data.
 */
import type { Disk } from "../../system/disk.ts";
import { isDiskTrouble } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { redact } from "../../system/redact.ts";
import { answeringLater } from "../answer.ts";
import { denied } from "../denial.ts";
import type { ToolResult } from "../result.ts";
import type { ToolSource } from "../source.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { type Connection, type ConnectionParts, createConnection } from "./connection.ts";
import { type Memo, pinOf, readMemo, remembered, repinned, writeMemo } from "./memo.ts";
import { framedBy, resultOf } from "./result.ts";
import type { Called, McpLog, ServerTool, Why } from "./types.ts";

export interface SourceParts extends ConnectionParts {
  readonly disk: Disk;
  /** Where it is remembered. */
  readonly memoPath: string;
  /** SHA-256 of how it is configured. */
  readonly server: string;
  readonly log: McpLog;
}

export interface McpSource extends Pick<ToolSource, "list"> {
  readonly close: () => Promise<void>;
}

/** After so long a server is asked again although nobody called it. */
const freshMs = 24 * 3_600_000;

export function createMcpSource(
  parts: SourceParts,
  connection: Connection = createConnection(parts),
): McpSource {
  const { disk, memoPath, server, now, log, name } = parts;
  let memo = readMemo(disk, memoPath, server);
  const remember = (next: Memo): void => {
    memo = next;
    try {
      writeMemo(disk, memoPath, next);
    } catch (error) {
      // It is only asked for again.
      if (!isDiskTrouble(error)) throw error;
      log.info("what an MCP server says cannot be kept", { server: name, why: reasonOf(error) });
    }
  };
  let seen: readonly ServerTool[] | null = null;
  const look = async (signal?: AbortSignal): Promise<Why | null> => {
    const found = await connection.tools(signal);
    if ("why" in found) return found;
    if (found !== seen) remember(remembered(memo, found, now()));
    seen = found;
    return null;
  };
  const desk: Desk = { parts, connection, look, memo: () => memo, remember };
  return {
    async list() {
      const isFresh = memo.at + freshMs > now() && memo.at <= now();
      const reach = parts.reach();
      if (reach.kind === "none") return { tools: [], trouble: reach.why };
      const trouble = isFresh && !connection.isOpen() ? null : await look();
      if (trouble === null) return { tools: memo.tools.map((tool) => toolFor(desk, tool)) };
      // Words of a server are for people here: indexes and errors have no frame.
      const { why, said } = trouble;
      log.info("an MCP server does not say its tools", { server: name, why, said: redact(said) });
      return { tools: [], trouble: why };
    },
    close: () => connection.close(),
  };
}

interface Desk {
  readonly parts: SourceParts;
  readonly connection: Connection;
  readonly look: (signal: AbortSignal) => Promise<Why | null>;
  readonly memo: () => Memo;
  readonly remember: (memo: Memo) => void;
}

const toolFor = (desk: Desk, tool: ServerTool): Tool => ({
  name: `mcp.${desk.parts.name}.${tool.name}`,
  description: tool.description,
  parameters: tool.schema,
  parallel: false,
  repeatable: tool.repeatable,
  run: (args, context) => answeringLater(context, () => call(desk, tool.name, args, context)),
});

async function call(
  desk: Desk,
  name: string,
  args: Readonly<Record<string, unknown>>,
  context: ToolContext,
): Promise<ToolResult> {
  const server = desk.parts.name;
  const trouble = await desk.look(context.signal);
  if (trouble !== null) return notReached(server, trouble);
  const tool = desk.memo().tools.find((one) => one.name === name);
  if (tool === undefined) {
    const text = `The MCP server ${server} has no such tool any more. tool_details with category mcp.${server} tells what it has.`;
    return { ok: false, text };
  }
  const pin = pinOf(desk.memo(), name);
  if (pin !== null && pin !== tool.digest) {
    desk.remember(repinned(desk.memo(), tool));
    desk.parts.log.info("a tool of an MCP server has changed", {
      ...{ server, tool: `mcp.${server}.${name}`, before: pin, now: tool.digest },
    });
    return changed(server, name);
  }
  return shown(server, await desk.connection.call(tool, args, context.signal), context);
}

const changed = (server: string, name: string): ToolResult =>
  denied({
    code: "refused",
    asked: `mcp.${server}.${name}`,
    rule: "the server has changed what it says this tool does, or what arguments it takes, since it was first seen",
    how: `read tool_details of mcp.${server}.${name} again; if it still is what you need and what you may do, call it again`,
  });

const notReached = (server: string, why: Why): ToolResult =>
  failure(server, `Nothing was done: the MCP server ${server} cannot be used: ${why.why}.`, why);

const failure = (server: string, text: string, { said }: Why): ToolResult => ({
  ok: false,
  text: said === "" ? text : `${text}\n${framedBy(server, said)}`,
  untrusted: true,
});

function shown(server: string, called: Called, context: ToolContext): ToolResult {
  switch (called.kind) {
    case "result":
      return resultOf(server, called.value, context);
    case "away":
      return notReached(server, called);
    case "refused":
      return failure(server, `The MCP server ${server} refused the call: ${called.why}.`, called);
    case "cut": {
      const text =
        `The call was interrupted: ${called.why}. Whether the MCP server ${server} did it, or a part of it, is not ` +
        "known. Look before you call again.";
      return failure(server, text, called);
    }
  }
}
