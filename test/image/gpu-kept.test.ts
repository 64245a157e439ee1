/** What an agent may of graphics processors is still there after the steward has applied the configuration. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const nodes = "/dev/dri";
const dropIn = "/run/systemd/system/con@gpu-kept.service.d/50-agent.conf";

const manifest = (name: string, more: readonly string[] = []): string =>
  [`name: ${name}`, "tier: worker", "description: of a test", ...more, ""].join("\n");

beforeAll(async () => {
  await container.must(["mkdir", nodes]);
  await container.copyIn("/etc/con/agents.d/gpu-kept.yaml", manifest("gpu-kept", ["gpu: true"]));
  await container.must(["con", "bootstrap"]);
});

afterAll(async () => {
  await container.must(["rm", "/etc/con/agents.d/gpu-kept.yaml"]);
  await container.must(["rmdir", nodes]);
  await container.must(["con", "bootstrap", "--prune"]);
});

test("a commission leaves the devices of other agents as they are", async () => {
  const before = await container.must(["cat", dropIn]);
  expect(before).toContain("DeviceAllow=char-drm rw");
  await container.copyIn("/run/gpu-other.yaml", manifest("gpu-other"));
  await container.must(["con", "agent", "add", "/run/gpu-other.yaml"]);
  expect(await container.must(["cat", dropIn])).toBe(before);
  await container.must(["con", "agent", "remove", "gpu-other"]);
  expect(await container.must(["cat", dropIn])).toBe(before);
});
