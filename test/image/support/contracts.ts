/** The timer of the contracts, for tests that break what contracts guard. */
import type { Container } from "./container.ts";

const dropIn = "[Timer]\nOnBootSec=\nOnUnitInactiveSec=30d\n";

/** On a slow machine one may have begun; what it asked of the steward is done in another process. */
const done = `while [ "$(systemctl is-active con-healthcheck.service)" = activating ]; do sleep 0.1; done
  until [ -z "$(ls /srv/con/steward/inbox)" ]; do sleep 0.1; done`;

/**
 * The timer evaluates for the first time half a minute after the boot and acts on what it finds: in the middle of
 * a test, on a thing that is broken on purpose. It stays on, also over a bootstrap, and never has its turn.
 */
export async function restContracts(container: Container): Promise<void> {
  const directory = "/etc/systemd/system/con-healthcheck.timer.d";
  await container.must(["mkdir", "-p", directory]);
  await container.copyIn(`${directory}/90-rest.conf`, dropIn);
  await container.must(["systemctl", "daemon-reload"]);
  await container.must(["systemctl", "restart", "con-healthcheck.timer"]);
  await container.must(["/bin/sh", "-c", done]);
}
