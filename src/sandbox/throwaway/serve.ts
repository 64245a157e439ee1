/**
 * The program of con-sandbox@.service: one connection, one run, then the end; systemd removes what is left, the user
 * included.
 *
 * Its own entry of the bundle, and imports nothing that it does not need: it starts for every run. Never: writes
 * anything that outlives the unit; goes on without the one who asked; believes what the code says of itself.
 */
import fs from "node:fs";
import net from "node:net";
import { reasonOf } from "../../system/errors.ts";
import { callerSeconds } from "./bounds.ts";
import { refusalOf, uidOf } from "./caller.ts";
import { collect } from "./collect.ts";
import { frame, jsonFrame } from "./frame.ts";
import { work } from "./launch.ts";
import { createReceiver } from "./receive.ts";
import { nothingRun, type Reply } from "./reply.ts";
import { run, type Send } from "./run.ts";
import { type Input, unpack } from "./unpack.ts";
import { childCpuMs, memoryUse } from "./usage.ts";

/** The connection (StandardInput=socket) and the compiled grants (OpenFile=). */
const descriptors = { connection: 0, grants: 3 } as const;

interface Served {
  readonly reply: Reply;
  readonly files: readonly Buffer[];
}

const leave = (): never => process.exit(0);

function main(instance: string): void {
  const socket = new net.Socket({ fd: descriptors.connection });
  // Nobody is there any more: what runs has nobody to run for.
  for (const event of ["error", "close", "end"]) socket.once(event, leave);
  // Whoever says nothing holds a place that others wait for.
  const tardy = setTimeout(leave, callerSeconds * 1000);
  const answer = ({ reply, files }: Served): void => {
    setTimeout(leave, callerSeconds * 1000);
    socket.write(jsonFrame("r", reply));
    for (const bytes of files) socket.write(frame("b", bytes));
    // What is still being said is read to its end, or the caller could not read this; it hangs up then.
    if (reply.ending.kind === "refused") socket.resume();
    else socket.write("", leave);
  };
  const refuse = (why: string) => answer(refused(why));
  const receive = createReceiver((asked) => {
    clearTimeout(tardy);
    if (typeof asked === "string") refuse(asked);
    else serve(asked, (bytes) => socket.write(bytes)).then(answer, crash);
  });
  const why = refusalOf(uidOf(instance), grants());
  if (why === null) socket.on("data", receive);
  else refuse(why);
}

const refused = (why: string): Served => ({
  reply: nothingRun({ kind: "refused", why }),
  files: [],
});

/** Tells the journal; who asked sees the connection end, which is no result. */
function crash(error: unknown): never {
  process.stderr.write(`sandbox: ${reasonOf(error)}\n`);
  process.exit(1);
}

/** Null before the first bootstrap: there is no such file then. */
function grants(): string | null {
  if (!(process.env["LISTEN_FDNAMES"] ?? "").split(":").includes("grants")) return null;
  const text = fs.readFileSync(descriptors.grants, "utf8");
  fs.closeSync(descriptors.grants);
  return text;
}

async function serve(input: Input, send: Send): Promise<Served> {
  const why = unpack(input);
  if (why !== null) return refused(why);
  const began = process.hrtime.bigint();
  const { ending, stdoutBytes, stderrBytes } = await run(input, send);
  const durationMs = Number((process.hrtime.bigint() - began) / 1_000_000n);
  const isWhole = ending.kind === "exit";
  const { files, missing } = isWhole
    ? collect(work, input.header.outputs)
    : { files: [], missing: input.header.outputs.map((path) => ({ path, why: "it did not end" })) };
  const memory = memoryUse();
  return {
    reply: {
      version: 1,
      ending,
      durationMs,
      cpuMs: isWhole ? childCpuMs() : null,
      memoryBytes: memory.bytes,
      outOfMemory: memory.outOfMemory,
      stdoutBytes,
      stderrBytes,
      files: files.map(({ path }) => path),
      missing,
    },
    files: files.map(({ bytes }) => bytes),
  };
}

main(process.argv[2] ?? "");
