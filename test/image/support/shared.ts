/**
 * A container that global-setup.ts booted, as a test file of the image project sees it: one for each file that runs at
 * a time, so that none meets another in it.
 */
import { inject } from "vitest";
import { Container } from "./container.ts";

export function sharedContainer(): Container {
  const slot = process.env["VITEST_POOL_ID"];
  const handle = inject("containers")[Number(slot) - 1];
  if (handle === undefined) throw new Error(`there is no container for files in slot ${slot}`);
  return new Container(handle);
}
