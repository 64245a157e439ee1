/** The memory of an agent in the image: SQLite, FTS5 and sqlite-vec load inside the runner's own unit. */
import { expect, test } from "vitest";
import { putProgram } from "./support/bundle.ts";
import { sharedContainer } from "./support/shared.ts";

test("a memory is stored and found by words and vector, in the runner's hardened unit", async () => {
  const container = sharedContainer();
  const program = await putProgram(container, "memory-driver");
  const file = "/srv/con/agents/concierge/state/memory-test.db";
  const dropIns = "/run/systemd/system/con@concierge.service.d";
  const start = [
    "[Service]",
    "Type=oneshot",
    "ExecStart=",
    `ExecStart=${program.join(" ")} ${file}`,
  ];
  const output = "StandardOutput=file:/srv/con/agents/concierge/state/memory-test.out";
  await container.must(["mkdir", "-p", dropIns]);
  await container.copyIn(
    `${dropIns}/99-memory-test.conf`,
    [...start, "Restart=no", output, ""].join("\n"),
  );
  try {
    await container.must(["systemctl", "daemon-reload"]);
    // A runner may be there still, for a moment after its last task.
    await container.must(["systemctl", "restart", "con@concierge.service"]);
    const said = await container.must(["cat", "/srv/con/agents/concierge/state/memory-test.out"]);
    expect(JSON.parse(said)).toMatchObject({
      stored: { outcome: "stored", withoutVector: null },
      scores: { words: { rank: 1 }, vector: { rank: 1 } },
    });
    expect(await container.must(["stat", "-c", "%U %a", file])).toBe("a-concierge 600\n");
  } finally {
    await container.must([
      "sh",
      "-c",
      `rm -f ${dropIns}/99-memory-test.conf ${file}* /srv/con/agents/concierge/state/memory-test.out`,
    ]);
    await container.must(["systemctl", "daemon-reload"]);
  }
});
