/**
 * Builds the bundle and the image and boots the one container that the test files of this project share.
 */
import type { TestProject } from "vitest/node";
import { bootContainer, type Handle, repository } from "./container.ts";
import { mustRun } from "./process.ts";

declare module "vitest" {
  interface ProvidedContext {
    container: Handle;
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
  const shared = await bootContainer({ name: `con-test-${process.pid}` });
  await shared.container.must(["/bin/sh", "-ec", withoutContracts]);
  project.provide("container", shared.container.handle);
  return async () => shared[Symbol.asyncDispose]();
}
