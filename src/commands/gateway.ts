/** `con gateway`: what con-gateway.service runs. Socket-activated; see gateway/program.ts. */
import { compiledPaths, readGateway } from "../config/compiled.ts";
import { followConfiguration } from "../gateway/configuration.ts";
import { startGateway } from "../gateway/program.ts";
import { ConError, exit } from "../system/errors.ts";
import { loadJournal } from "../system/journal.ts";
import { createLog } from "../system/log.ts";
import { loadPeerReader } from "../system/peercred.ts";

const help = `Usage: con gateway

Runs the model gateway. con-gateway.socket starts it; it listens on the socket that systemd passes
(sd_listen_fds(3)) and ends after a minute without calls.

Example:
  systemctl status con-gateway.socket con-gateway.service
`;

/** First descriptor that systemd passes: sd_listen_fds(3), SD_LISTEN_FDS_START. */
const listenFd = 3;
const idleMs = 60_000;

export async function run(argv: string[]): Promise<number> {
  if (argv.some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(help);
    return exit.ok;
  }
  if (process.env["LISTEN_FDS"] !== "1" || process.env["LISTEN_PID"] !== String(process.pid)) {
    throw new ConError(
      exit.usage,
      "con gateway",
      "systemd passed no socket",
      "start it with: systemctl start con-gateway.socket",
    );
  }
  const log = createLog();
  const gateway = startGateway({
    current: followConfiguration({ path: compiledPaths().gateway, read: readGateway, log }),
    listen: { fd: listenFd },
    credentials: process.env["CREDENTIALS_DIRECTORY"] ?? null,
    readPeer: loadPeerReader(),
    log,
    journal: loadJournal(),
    idleMs,
  });
  process.once("SIGTERM", gateway.stop);
  await gateway.listening;
  await gateway.ended;
  return exit.ok;
}
