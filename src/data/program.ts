/**
 * The data program: one request on standard input, one reply as the last line of its output.
 *
 * It opens files that anybody may have made, so it runs in the sandbox of an agent's tools (tools/data/program.ts): what
 * crashes, hangs or grows is this process. Killed anywhere, a database is as it was or as it shall be.
 */
import { text } from "node:stream/consumers";
import { explain } from "./open.ts";
import { type DataReply, type DataRequest, replyMark } from "./protocol.ts";

export async function answer(request: DataRequest): Promise<DataReply> {
  try {
    switch (request.op) {
      case "sql":
        return await (await import("./query.ts")).query(request);
      case "import":
        return await (await import("./import.ts")).importFile(request);
      case "vectors":
        return await (await import("./vectors.ts")).vectors(request);
    }
  } catch (error) {
    const why = explain(error);
    if (why === null) throw error;
    return { kind: "refused", why };
  }
}

export async function main(): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as DataRequest;
  const reply = await answer(request);
  process.stdout.write(`\n${replyMark}${JSON.stringify(reply)}\n`);
}
