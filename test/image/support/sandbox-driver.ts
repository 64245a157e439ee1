/**
 * A program for tests inside the container: has a list of requests run in throw-away sandboxes, one after the other or,
 * with `together`, side by side, and prints what came of each as JSON.
 */
import { readFileSync } from "node:fs";
import { createRunThrowaway } from "../../../src/sandbox/throwaway/client.ts";
import type { Printed, RunRequest, RunResult } from "../../../src/sandbox/throwaway/types.ts";

type Asked = Omit<RunRequest, "files"> & { readonly files?: Readonly<Record<string, string>> };

const run = createRunThrowaway();
const [mode = ""] = process.argv.slice(2);

const text = ({ head, tail }: Printed) => `${head}${tail}`.slice(-20_000);

const shown = ({ files, stdout, stderr, ...rest }: RunResult) => ({
  ...rest,
  stdout: text(stdout),
  stderr: text(stderr),
  stdoutBytes: stdout.totalBytes,
  keptBytes: stdout.head.length + stdout.tail.length,
  files: Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])),
});

async function one({ files = {}, ...request }: Asked) {
  const list = Object.entries(files).map(([path, body]) => ({ path, bytes: Buffer.from(body) }));
  return shown(await run({ ...request, files: list }, new AbortController().signal));
}

const asked = JSON.parse(readFileSync(0, "utf8")) as Asked[];
const results: unknown[] = [];
if (mode === "together") results.push(...(await Promise.all(asked.map(one))));
else for (const request of asked) results.push(await one(request));
process.stdout.write(JSON.stringify(results));
