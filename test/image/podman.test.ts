import { expect, test } from "vitest";
import { bootContainer } from "./support/container.ts";

test("the OCI image is built and boots with podman, limits and sandboxes included", async () => {
  await using own = await bootContainer({
    engine: "podman",
    build: true,
    settings: { NETWORK: "none" },
  });
  const { container } = own;
  expect((await container.must(["cat", "/proc/1/comm"])).trim()).toBe("systemd");
  expect(await container.must(["systemctl", "--failed", "--plain", "--no-legend"])).toBe("");
  // By a command in the sandbox of an agent's unit, which needs a whole /proc beside the one that the unit covers.
  const task = ["con", "task", "--wait=60", "How full is the disk?"];
  expect(await container.must(task)).toMatch(/^Disk: \d+% full/);
  const whole = await container.exec(["ls", "/run/con-proc"], { user: "nobody" });
  expect(whole.stderr).toContain("Permission denied");
  const greedy = ["/usr/bin/node", "-e", "Buffer.alloc(400 << 20, 1)"];
  const limited = ["systemd-run", "--wait", "--quiet", "-p", "MemoryMax=150M", ...greedy];
  expect((await container.exec(limited)).code).not.toBe(0);
  const sandbox = [
    "bwrap",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--unshare-all",
  ];
  expect((await container.exec([...sandbox, "true"], { user: "nobody" })).code).toBe(0);
  expect((await container.exec(["nft", "add", "table", "inet", "con-test"])).code).toBe(0);
});
