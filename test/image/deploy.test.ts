import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bootContainer } from "./support/container.ts";

test("deploy replaces the system and keeps the data and its identity", async () => {
  await using own = await bootContainer({ privateCheckout: true, build: true });
  const { container } = own;
  await container.copyIn("/srv/con/kept.txt", "kept");
  await container.copyIn("/etc/gone.txt", "in the writable layer only");
  const sealed = (
    await container.must(["systemd-creds", "encrypt", "--with-key=host", "--name=k", "-", "-"], {
      input: "secret",
    })
  ).trim();
  const machineId = await container.must(["cat", "/etc/machine-id"]);
  const leader = container.leader();

  await writeFile(join(container.handle.checkout, "image/rootfs/usr/lib/con/new-release"), "2");
  const result = await container.script("deploy");

  expect(result.stderr).toContain("ready for tasks");
  expect(container.leader()).not.toBe(leader);
  expect(await container.must(["cat", "/usr/lib/con/new-release"])).toBe("2");
  expect(await container.must(["cat", "/srv/con/kept.txt"])).toBe("kept");
  expect(await readFile(join(container.hostData, "srv/kept.txt"), "utf8")).toBe("kept");
  expect((await container.exec(["test", "-e", "/etc/gone.txt"])).code).toBe(1);
  expect(await container.must(["cat", "/etc/machine-id"])).toBe(machineId);
  const open = ["systemd-creds", "decrypt", "--name=k", "-", "-"];
  expect(await container.must(open, { input: sealed })).toBe("secret");
});

test("two containers of different names run side by side and end apart", async () => {
  await using first = await bootContainer();
  await using second = await bootContainer();
  expect((await first.container.script("stop")).code).toBe(0);
  const state = ["systemctl", "is-active", "con-ready.target"];
  expect((await second.container.must(state)).trim()).toBe("active");
});
