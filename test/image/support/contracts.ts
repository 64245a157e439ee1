/** The timer of the contracts, for tests that break what contracts guard. */
import type { Container } from "./container.ts";

/** On a slow machine an evaluation may have begun; what it asked of the steward is done in another process. */
const rest = `cd /etc/systemd/system
  mkdir -p con-healthcheck.timer.d
  printf '[Timer]\\nOnBootSec=\\nOnUnitInactiveSec=30d\\n' >con-healthcheck.timer.d/90-rest.conf
  systemctl daemon-reload
  systemctl restart con-healthcheck.timer
  while systemctl show -P ActiveState con-healthcheck.service | grep -qx activating; do sleep 0.1; done
  until [ -z "$(ls /srv/con/steward/inbox)" ]; do sleep 0.1; done`;

/**
 * The timer evaluates for the first time half a minute after the boot and acts on what it finds: in the middle of
 * a test, on a thing that is broken on purpose. It stays on, also over a bootstrap, and never has its turn.
 */
export const restContracts = (container: Container): Promise<string> =>
  container.must(["/bin/bash", "-ec", rest]);
