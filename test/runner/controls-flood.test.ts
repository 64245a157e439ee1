import { expect, it } from "vitest";
import { watchControls } from "../../src/runner/controls.ts";
import type { Session } from "../../src/runner/ends.ts";
import { createHints } from "../../src/runner/inbox-watch.ts";
import type { Job } from "../../src/runner/intake.ts";

const job = { task: {} } as Job;

it("a flood of hints while a task runs costs one scan a turn of the event loop", async () => {
  const hints = createHints();
  let scans = 0;
  const intake = {
    restMs: () => 0,
    nextControl: async () => {
      scans += 1;
      return null;
    },
  };
  const controls = watchControls({ hints, intake } as unknown as Session, job, () => undefined);
  for (let index = 0; index < 1_000; index += 1) {
    hints.event(`${index}.task`);
    // As between two callbacks of the kernel's events: no turn of the event loop.
    for (let step = 0; step < 10; step += 1) await null;
  }
  expect(scans).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(scans).toBe(2);
  expect(await controls.end()).toBeNull();
});
