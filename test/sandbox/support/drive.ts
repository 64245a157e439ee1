/**
 * Runs one sandboxed command as whoever started this process, and prints what came of it as JSON.
 * Tests start it through setpriv(1), because the sandbox must hold for a user without privileges.
 */
import fs from "node:fs";
import { createExecute } from "../../../src/sandbox/exec.ts";
import type { ExecuteOptions } from "../../../src/sandbox/start.ts";

export interface Drive {
  readonly options: ExecuteOptions;
  readonly command: string;
  readonly timeoutSeconds: number;
  readonly outputFile: string;
  readonly maxBytes: number;
}

const drive = JSON.parse(process.argv[2] ?? "") as Drive;

const executed = await createExecute(drive.options)(
  {
    argv: ["/bin/bash", "-c", drive.command],
    timeoutSeconds: drive.timeoutSeconds,
    output: {
      headBytes: 20_000,
      tailBytes: 1000,
      maxBytes: drive.maxBytes,
      open() {
        const fd = fs.openSync(drive.outputFile, "w");
        return {
          path: drive.outputFile,
          write: (bytes) => fs.writeFileSync(fd, bytes),
          close: () => fs.closeSync(fd),
        };
      },
    },
  },
  new AbortController().signal,
);

const { ending, output } = executed;
process.stdout.write(
  JSON.stringify({
    ending,
    head: output.head.toString("latin1"),
    tail: output.tail.toString("latin1"),
    totalBytes: output.totalBytes,
    keptBytes: output.keptBytes,
    path: output.path,
    trouble: output.trouble,
  }),
);
