/**
 * The floor of the suite mcp, bundled and run in the container: the official SDK's client makes one call for each line that it
 * reads, and prints the milliseconds.
 *
 * Arguments: TOOL PATH, and the server's program with its arguments.
 */
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [name = "", path = "", ...args] = process.argv.slice(2);
const client = new Client({ name: "bench", version: "1" });
await client.connect(new StdioClientTransport({ command: process.execPath, args }));
for await (const _ of createInterface({ input: process.stdin })) {
  const from = performance.now();
  const { isError } = await client.callTool({ name, arguments: { path } });
  if (isError === true) throw new Error(`${name} failed`);
  process.stdout.write(`${performance.now() - from}\n`);
}
await client.close();
