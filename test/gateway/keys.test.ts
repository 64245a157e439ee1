import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPrivateEnough, keyReader } from "../../src/gateway/keys.ts";
import { withoutKey } from "../../src/gateway/problem.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "con-keys-"));
  await writeFile(join(directory, "good"), "the-key\n");
  await writeFile(join(directory, "empty"), "\n");
});
afterAll(() => rm(directory, { recursive: true }));

describe("where a key may go", () => {
  it.each([
    ["https://api.example.com/v1", true],
    ["http://api.example.com/v1", false],
    ["http://localhost:11434/v1", true],
    ["http://127.0.0.1:8000/v1", true],
    ["http://[::1]:8000/v1", true],
    ["http://[fd00::1]/v1", true],
    ["http://[2001:db8::1]/v1", false],
    ["http://10.1.2.3/v1", true],
    ["http://172.16.0.1/v1", true],
    ["http://172.32.0.1/v1", false],
    ["http://192.168.1.1/v1", true],
    ["http://10.evil.example/v1", false],
    ["http://127.0.0.1.evil.example/v1", false],
    ["http://fd-host.example/v1", false],
  ])("%s: %s", (url, allowed) => {
    expect(isPrivateEnough(url)).toBe(allowed);
  });
});

describe("reading a key", () => {
  const provider = (credential: string | null, baseUrl = "https://x.example/v1") => ({
    baseUrl,
    credential,
  });

  it("gives the key without its newline, and none for a provider without a credential", () => {
    const read = keyReader(directory);
    expect(read(provider("good"))).toEqual({ ok: true, key: "the-key" });
    expect(read(provider(null))).toEqual({ ok: true, key: null });
  });

  it.each(["empty", "absent"])("names the remedy for a credential that is %s", (credential) => {
    const found = keyReader(directory)(provider(credential));
    expect(found).toMatchObject({ ok: false });
    expect(JSON.stringify(found)).toContain(`con credential set ${credential}`);
  });

  it("does not even read a key that would travel in clear text", () => {
    const found = keyReader(directory)(provider("good", "http://x.example/v1"));
    expect(found).toMatchObject({ ok: false });
    expect(JSON.stringify(found)).not.toContain("the-key");
  });
});

it("an error text loses the key, and what looks like one", () => {
  const text = withoutKey("Bearer the-key is bad; try sk-abcdefghijklmnop instead", "the-key");
  expect(text).toBe("Bearer [key] is bad; try [key] instead");
});
