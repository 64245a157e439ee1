/** `con browser`: what con-browser@.service runs for one request; see browser/serve.ts. */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBrowser } from "../config/compiled.ts";
import { errnoOf } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { createLog } from "../system/log.ts";
import { loadPeerReader } from "../system/peercred.ts";

const help = `Usage: con browser

Serves one request for a page, a file or a search. con-browser.socket starts one for each connection, which it
has as its standard input. \`con browser page\` is its inside, where pages are looked at; it is never run by hand.

Example:
  systemctl status con-browser.socket
`;

export async function run(argv: string[]): Promise<number> {
  if (argv.some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(help);
    return exit.ok;
  }
  if (argv[0] === "page") return runInside();
  const socket = new Socket({ fd: 0 });
  const [{ serve }, readPeer] = await Promise.all([
    import("../browser/serve.ts"),
    loadPeerReader(),
  ]);
  const self = [process.execPath, process.argv[1] ?? ""] as const;
  const log = createLog();
  const runtime = readBrowser();
  try {
    await serve(
      { runtime, readPeer, readKey, self, scratch: tmpdir(), log, now: Date.now },
      socket,
    );
  } finally {
    socket.destroy();
  }
  return exit.ok;
}

async function runInside(): Promise<number> {
  const proxy = process.env["CON_WEB_PROXY"];
  if (proxy === undefined) {
    const remedy = "it is run by con browser alone";
    throw new ConError(exit.usage, "con browser page", "this is not its sandbox", remedy);
  }
  const { runPage } = await import("../browser/page/main.ts");
  await runPage({ input: process.stdin, output: process.stdout, proxy, now: Date.now });
  await new Promise<void>((done) => process.stdout.write("", () => done()));
  return exit.ok;
}

/** As systemd decrypted it for this instance. */
function readKey(credential: string): string | null {
  const directory = process.env["CREDENTIALS_DIRECTORY"];
  if (directory === undefined) return null;
  try {
    return readFileSync(join(directory, credential), "utf8").trim() || null;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return null;
  }
}
