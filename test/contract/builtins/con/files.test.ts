/** no_secrets and git_remotes: what is found, what is not, and what hostile trees cannot do. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAllowed, readRemotes } from "../../../../src/contract/builtins/con/git-config.ts";
import { exec } from "../../../../src/system/exec.ts";
import { Bed } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
  bed.places = { ...bed.places, exec };
});
afterEach(() => bed.remove());

// Put together here, so that no scanner takes this file for a leak.
const fake = {
  aws: `AKIA${"ABCDEFGH12345678"}`,
  openai: `sk-${"abcdefghij0123456789"}`,
  github: `ghp_${"abcdefghij0123456789"}`,
  slack: `xoxb-${"1234567890-abc"}`,
  pem: `-----BEGIN RSA ${"PRIVATE KEY"}-----`,
};

describe("no_secrets", () => {
  const ask = () => bed.ask("no_secrets", { paths: [`${bed.root}/agents/*/workspace`] });
  const put = (name: string, text: string) => bed.write(bed.agent("bob", "workspace", name), text);

  test.each(Object.entries(fake))(
    "%s is red, and the verdict does not repeat it",
    async (_, key) => {
      put(
        "ok.txt",
        "nothing here: task-force, desk-lamp-with-a-long-name, sk-learn-is-a-library-name",
      );
      expect(await ask()).toMatchObject({ state: "pass" });
      const file = put("deep/er/notes.md", `the key is ${key}\n`);
      const verdict = await ask();
      expect(verdict).toMatchObject({
        state: "fail",
        found: expect.stringContaining("deep/er/notes.md"),
      });
      expect(JSON.stringify(verdict)).not.toContain(key);
      // Known as red without a change of the file, too.
      expect(await ask()).toMatchObject({ state: "fail" });
      fs.writeFileSync(file, "gone\n");
      expect(await ask()).toMatchObject({ state: "pass" });
    },
  );

  test("links, FIFOs, second names and programs are not read", async () => {
    const outside = bed.write("outside.txt", fake.aws);
    fs.symlinkSync(outside, bed.agent("bob", "workspace/link.txt"));
    fs.linkSync(outside, bed.agent("bob", "workspace/second.txt"));
    execFileSync("mkfifo", [bed.agent("bob", "workspace/pipe.txt")]);
    fs.symlinkSync(bed.directory, bed.agent("bob", "workspace/up"));
    put("program.bin", fake.aws);
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a file whose time was set back is read all the same", async () => {
    expect(await ask()).toMatchObject({ state: "pass" });
    fs.utimesSync(put("old.txt", fake.github), 1, 1);
    expect(await ask()).toMatchObject({ state: "fail" });
  });
});

describe("git_remotes", () => {
  const ask = (...allow: string[]) => bed.ask("git_remotes", { allow });
  const config = (text: string) => bed.write(bed.agent("bob", "workspace/a/b/.git/config"), text);

  test("no repository is green; a remote elsewhere is red and names the agent", async () => {
    expect(await ask("github.com")).toMatchObject({ state: "pass" });
    config('[remote "origin"]\n\turl = https://github.com/x/y.git\n');
    expect(await ask("github.com")).toMatchObject({ state: "pass" });
    config('[remote "origin"]\n\turl = https://evil.com/github.com/y.git\n');
    expect(await ask("github.com")).toMatchObject({ state: "fail", agents: ["bob"] });
  });

  test("an include is red: it may hold anything", async () => {
    config("[include]\n\tpath = ~/more\n");
    expect(await ask("github.com")).toMatchObject({ state: "fail" });
  });
});

test.each([
  ["https://github.com/x/y.git", true],
  ["git@github.com:x/y.git", true],
  ["ssh://git@github.com:22/x/y", true],
  ["https://GitHub.com./x", true],
  ["../other", true],
  ["/srv/con/artifacts/y.git", true],
  ["file:///srv/y.git", true],
  ["https://evil.com/github.com/x", false],
  ["https://github.com.evil.com/x", false],
  ["https://github.com@evil.com/x", false],
  ["https://evil.com\\@github.com/x", false],
  ["https://github.com%2eevil.com/x", false],
  ["git@evil.com:github.com/x", false],
  ["evil.com:github.com", false],
  ["ext::sh -c 'curl evil.com'", false],
  ["ext::github.com", false],
  ["file://evil.com/share", false],
  ["javascript://github.com/x", false],
])("the host github.com covers %s: %s", (url, allowed) => {
  expect(isAllowed(url, ["github.com"])).toBe(allowed);
});

test.each([
  ["https://github.com/team/x", true],
  ["https://github.com/team", true],
  ["https://github.com/team-evil/x", false],
  ["https://github.com/team/../evil/x", false],
  ["https://github.com/team/%2e%2e/evil", false],
  ["http://github.com/team/x", false],
  ["https://github.com:8443/team/x", false],
])("the prefix https://github.com/team/ covers %s: %s", (url, allowed) => {
  expect(isAllowed(url, ["https://github.com/team/"])).toBe(allowed);
});

test("remotes are read as git reads them", () => {
  const text = `[core]\n\tbare = false\n[remote "a"] url = "https://a/x" ; comment
[remote "b"]\n  PushUrl = https://b/\\\n  y\n[url "https://c/"]\n  insteadOf = gh:\n[includeIf "x"]\npath = /p\n`;
  expect(readRemotes(text)).toEqual({
    urls: ["https://a/x", "https://b/  y", "https://c/"],
    includes: true,
  });
});
