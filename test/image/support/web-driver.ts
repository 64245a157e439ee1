/** A program for tests inside the container: asks the browser what its argument says, all at once; prints the answers. */
import type { WebRequest } from "../../../src/browser/wire.ts";
import { createAskWeb } from "../../../src/runner/web.ts";

const base = { verb: "fetch", mode: "auto", whole: false, screenshot: false, maxBytes: 10_000_000 };
const asked = JSON.parse(process.argv[2] ?? "[]") as object[];
const ask = createAskWeb();
const all = asked.map(async (one) => {
  const fetched = await ask({ ...base, ...one } as WebRequest, AbortSignal.timeout(110_000));
  return { ...fetched, file: fetched.file.length, screenshot: fetched.screenshot?.length ?? 0 };
});
process.stdout.write(JSON.stringify(await Promise.all(all)));
