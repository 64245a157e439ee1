/**
 * Builds the bundle and the image and boots what the test files of this project share: a container for each file that
 * runs at a time.
 */
import type { TestProject } from "vitest/node";
import { bootContainer, type Handle, type Reserved, repository } from "./container.ts";
import { mustRun } from "./process.ts";

declare module "vitest" {
  interface ProvidedContext {
    containers: readonly Handle[];
  }
}

/**
 * Tests bend modes, access lists and queues on purpose; nothing may mend that behind their back. The
 * contracts have tests and containers of their own.
 */
const withoutContracts = `mkdir -p /etc/con/contracts
for file in /usr/share/con/contracts/*.yaml; do : >"/etc/con/contracts/\${file##*/}"; done
con bootstrap`;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const step of ["build/generate.ts", "build/bundle.ts"]) {
    await mustRun([process.execPath, step], { cwd: repository });
  }
  await mustRun([`${repository}/image/con-container`, "image"], {
    env: { ...process.env, ENGINE: "nspawn", PROFILE: "default" },
  });
  const slots = Array.from({ length: project.config.maxWorkers }, (_, slot) => slot + 1);
  const shared = await Promise.all(slots.map(boot));
  project.provide(
    "containers",
    shared.map(({ container }) => container.handle),
  );
  return async () => {
    for (const one of shared) await one[Symbol.asyncDispose]();
  };
}

async function boot(slot: number): Promise<Reserved> {
  const booted = await bootContainer({ name: `con-test-${process.pid}-shared-${slot}` });
  await booted.container.must(["/bin/sh", "-ec", withoutContracts]);
  return booted;
}
