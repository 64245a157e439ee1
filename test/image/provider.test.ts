import { expect, test } from "vitest";
import { bootContainer } from "./support/container.ts";
import { runProgram } from "./support/process.ts";

test("a provider given to `make run` is configured, and its key lies nowhere in the open", async () => {
  const key = "sk-test-3f1c9a7e5d";
  await using own = await bootContainer({
    settings: {
      OPENAI_BASE_URL: "http://192.0.2.1:8000/v1",
      OPENAI_API_KEY: key,
      CON_MODEL: "some-model",
    },
  });
  const { container } = own;
  expect(await container.must(["con", "model", "list"])).toContain("/some-model");
  expect(await container.must(["con", "credential", "list"])).toContain("compatible");

  // Its exit code would say 2 for a file that goes while it looks: the container is at work.
  const grep = ["grep", "--recursive", "--text", "--files-with-matches", "--no-messages"];
  const filesWith = async (text: string): Promise<string> =>
    (await runProgram([...grep, text, container.handle.directory])).stdout;
  expect(await filesWith("some-model")).toContain("/con.yaml\n");
  expect(await filesWith(key)).toBe("");
  const script = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; journalctl --no-pager";
  expect(await container.must(["/bin/sh", "-c", script])).not.toContain(key);
});

test("a provider without a network is said to be out of reach, with the remedy", async () => {
  await using own = await bootContainer();
  const again = await own.container.script("run", { OPENAI_BASE_URL: "http://127.0.0.1:8000/v1" });
  expect(again.code).toBe(0);
  expect(again.stderr).toContain("no network");
  expect(again.stderr).toContain("ENGINE=podman");
  expect(again.stderr).toContain("the container itself");
});
