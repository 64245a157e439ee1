import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { frontDesk, scriptModel } from "./scripted/model.ts";
import { bootContainer, type Container } from "./support/container.ts";

/** One task of a thread, and what its agent's journal holds afterwards. The model begins anew: /etc is another. */
async function say(container: Container, text: string): Promise<string> {
  const where = await frontDesk(container);
  const model = await scriptModel(container, where, "answer");
  const calls = JSON.stringify([["shell", { command: `echo ${text}` }]]);
  const sent = await container.must(["con", "task", "--json", "--thread", "счета 🧾", calls]);
  const { id } = JSON.parse(sent) as { id: string };
  await model.answer(id);
  return container.must(["cat", `/srv/con/agents/${where.agent}/state/journal/${id}.jsonl`]);
}

test("deploy replaces the system and keeps the data, its identity, and what was said", async () => {
  await using own = await bootContainer({ privateCheckout: true, build: true });
  const { container } = own;
  await container.copyIn("/srv/con/kept.txt", "kept");
  await container.copyIn("/etc/gone.txt", "in the writable layer only");
  const sealed = (
    await container.must(["systemd-creds", "encrypt", "--with-key=host", "--name=k", "-", "-"], {
      input: "secret",
    })
  ).trim();
  const told = "What was said before in this thread";
  expect(await say(container, "plum")).not.toContain(told);
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
  const journal = await say(container, "pear");
  expect(journal).toContain(told);
  expect(journal).toContain("plum");
});

test("two containers of different names run side by side and end apart", async () => {
  await using first = await bootContainer();
  await using second = await bootContainer();
  expect((await first.container.script("stop")).code).toBe(0);
  const state = ["systemctl", "is-active", "con-ready.target"];
  expect((await second.container.must(state)).trim()).toBe("active");
});
