import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { bootContainer, reserveContainer } from "./support/container.ts";

const specification = {
  cdiVersion: "0.5.0",
  kind: "con.test/dev",
  devices: [
    {
      name: "full",
      containerEdits: {
        deviceNodes: [
          { path: "/dev/con-test", hostPath: "/dev/full", type: "c", major: 1, minor: 7 },
        ],
      },
    },
  ],
};

/** A CDI specification for a harmless device, on the host for as long as it is held. */
async function offerDevice(): Promise<AsyncDisposable> {
  const file = `/var/run/cdi/con-test-${process.pid}.json`;
  const made = await mkdir("/var/run/cdi", { recursive: true });
  await writeFile(file, JSON.stringify(specification));
  return {
    async [Symbol.asyncDispose]() {
      await rm(file);
      if (made !== undefined) await rm(made, { recursive: true });
    },
  };
}

test("a device offered by CDI is in the container and works there", async () => {
  await using _offer = await offerDevice();
  await using own = await bootContainer({
    engine: "podman",
    build: true,
    settings: { NETWORK: "none", GPU: "con.test/dev=full" },
  });
  const write = await own.container.exec(["dd", "if=/dev/zero", "of=/dev/con-test", "count=1"]);
  expect(write.stderr).toContain("No space left on device");
});

test("without a CDI specification GPU says so, with the remedy, and starts nothing", async () => {
  await using own = await reserveContainer({
    engine: "podman",
    settings: { GPU: "con.absent/gpu=all" },
  });
  const result = await own.run();
  expect(result.code).toBe(69);
  expect(result.stderr).toContain("no CDI specification for con.absent/gpu");
  await expect(access(`${own.container.handle.directory}/data`)).rejects.toThrow("ENOENT");
});

test("what is no CDI device name is refused before anything starts", async () => {
  await using own = await reserveContainer({ engine: "podman", settings: { GPU: "--privileged" } });
  const result = await own.run();
  expect(result.code).toBe(64);
  expect(result.stderr).toContain("not a CDI device");
});
