/** The timer of the contracts, for tests that break what contracts guard. */
import type { Container } from "./container.ts";

/**
 * The timer evaluates for the first time half a minute after the boot and acts on what it finds: in the middle of
 * a test, on a thing that is broken on purpose. It stays on, and never has its turn.
 */
export async function restContracts(container: Container): Promise<void> {
  const directory = "/etc/systemd/system/con-healthcheck.timer.d";
  const dropIn = "[Timer]\nOnBootSec=\nOnUnitInactiveSec=30d\n";
  await container.must(["mkdir", "-p", directory]);
  await container.copyIn(`${directory}/90-rest.conf`, dropIn);
  await container.must(["systemctl", "daemon-reload"]);
  await container.must(["systemctl", "restart", "con-healthcheck.timer"]);
}
