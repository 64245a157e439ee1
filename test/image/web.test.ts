/**
 * Real Chromium under the real units: pages made by programs become Markdown, and nothing private is reached, whoever
 * redirects there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fetched } from "../../src/tools/desks.ts";
import { frontDesk, scriptModel, until } from "./scripted/model.ts";
import { putProgram } from "./support/bundle.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";
import { allowed, plainSite, startOddSite } from "./support/odd-site.ts";

let own: Reserved;
let container: Container;
let driver: readonly string[];

const site = "http://127.0.0.1:8090";
const node = "/usr/lib/con/node/bin/node";
const hosts = "10.9.9.9 private.test\n169.254.169.254 metadata.test\n127.0.0.1 local.test\n";

beforeAll(async () => {
  own = await bootContainer({ build: true, settings: { PROFILE: "web" } });
  container = own.container;
  driver = await putProgram(container, "web-driver");
  await container.copyIn(
    "/run/web-site.mts",
    readFileSync(join(repository, "test/image/scripted/web-site.mts")),
  );
  await startOddSite(container, "none");
  const ports = ["8090", "8091"];
  await container.must([
    "systemd-run",
    "--quiet",
    "--unit=web-site",
    node,
    "/run/web-site.mts",
    ...ports,
  ]);
  const setUp = `printf '%s' "$1" >>/etc/hosts
printf '\\nweb: {allow: ["127.0.0.1:8090", ${allowed}]}\\n' >>/etc/con/con.yaml
sed -i 's/tools: \\[/tools: [web, /' /etc/con/agents.d/concierge.yaml
con bootstrap`;
  await container.must(["/bin/sh", "-ec", setUp, "sh", hosts]);
  await until(async () => {
    const found = await container.exec(["curl", "-s", `${site}/data`]);
    return found.code === 0 ? true : null;
  }, "the site");
});
afterAll(() => own?.[Symbol.asyncDispose]());

type Answered = Omit<Fetched, "file" | "screenshot"> & {
  readonly file: number;
  readonly screenshot: number;
};

const ask = async (user: string, ...asked: readonly object[]): Promise<Answered[]> =>
  JSON.parse(await container.must([...driver, JSON.stringify(asked)], { user })) as Answered[];

const fetch = (...asked: readonly object[]): Promise<Answered[]> => ask("a-concierge", ...asked);

test("a page made by a program comes back as Markdown, and the whole way through a task", async () => {
  const model = await scriptModel(container, await frontDesk(container), "answer");
  const name = await model.drop([
    ["fetch_webpage", { url: `${site}/made`, screenshot: true, save_as: "made.md" }],
    ["search_web", { query: "x" }],
    ["fetch_webpage", { url: `${plainSite}/document` }],
    ["shell", { command: "cat web/*document.pdf.txt" }],
  ]);
  const [page = "", search = "", pdf = "", kept = ""] = await model.answer(name);
  expect(page).toContain("[rendered by the browser]");
  expect(page).toContain(`# Rendered\n\nBy a program, see [next](${site}/next).`);
  expect(page).toContain("| A   | B   |\n| --- | --- |\n| 1   | 2   |");
  expect(page).not.toContain("IGNORE");
  expect(page).toMatch(/<<<web [0-9a-f]{32}\n.*"status":200/);
  expect(search).toContain("no search engine is configured");
  expect(pdf).toMatch(/<<<web [0-9a-f]{32}\n.*"type":"application\/pdf"/);
  for (const text of [pdf, kept]) expect(text).toContain("Words of a document");
  await container.must(["mv", "/usr/bin/pdftotext", "/usr/bin/pdftotext.away"]);
  const without = await model.drop([["fetch_webpage", { url: `${plainSite}/document` }]]);
  const [file = ""] = await model.answer(without);
  expect(file).toContain("poppler-utils");
  expect(file).toMatch(/\[\d+ bytes, kept in .*\.pdf\]/);
  const workspace = "/srv/con/agents/concierge/workspace";
  expect(await container.must(["cat", `${workspace}/made.md`])).toContain("# Rendered");
  // The mark of what was fetched.
  expect(await container.must(["stat", "-c", "%a", `${workspace}/made.md`])).toMatch(/^1\d{3}\n$/);
  const shot = /\[screenshot: (\S+\.png)\]/.exec(page)?.[1] ?? "";
  expect(await container.must(["file", "-b", shot])).toContain("PNG image data, 1280 x");
});

test("what is private is refused, whoever leads there", async () => {
  const away = [
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.test/",
    "http://private.test/",
    "http://127.0.0.1:8091/data",
    "http://local.test:8091/data",
    "http://2130706433:8091/data",
    "http://0x7f.1:8091/data",
    "http://[::1]:8091/data",
    "http://[::ffff:127.0.0.1]:8091/data",
    "http://10.0.0.1:8090/",
    "file:///etc/passwd",
  ];
  const redirects = [
    "http://169.254.169.254/",
    "http://private.test/",
    "http://[::1]:8091/",
    "file:///etc/passwd",
  ];
  const urls = [...away, ...redirects.map((to) => `${site}/to?to=${encodeURIComponent(to)}`)];
  const answers = await fetch(...urls.map((url) => ({ url })));
  for (const [index, { answer }] of answers.entries())
    expect([urls[index], answer]).toMatchObject([urls[index], { kind: "none", code: "refused" }]);
  const [control] = await fetch({ url: `${site}/data` });
  expect(control).toMatchObject({ answer: { kind: "file", status: 200 }, file: 20 });
});

test("nor do programs of a page get there", async () => {
  const [toMetadata, parts] = await fetch(
    { url: `${site}/program-to?to=http://169.254.169.254/` },
    { url: `${site}/parts?to=http://127.0.0.1:8091/data` },
  );
  expect(toMetadata?.answer).toMatchObject({ kind: "none", code: "refused" });
  expect(parts?.markdown).toContain("/data REACHED");
  expect(parts?.markdown).toContain("http://127.0.0.1:8091/data CLOSED");
});

test("the kernel says the same by uid", async () => {
  const as = (user: string, port: number) =>
    container.exec(["curl", "-s", "--connect-timeout", "1", `http://127.0.0.1:${port}/data`], {
      user,
    });
  expect((await as("con-browser", 8090)).stdout).toBe('{"title":"Rendered"}');
  // 28: no answer in time.
  expect((await as("con-browser", 8091)).code).toBe(28);
  expect((await as("con-check", 8091)).code).toBe(0);
});

test("odd pages and files have their results", async () => {
  const [dialogs, disguised, gone, endless, odd] = await fetch(
    { url: `${site}/dialogs` },
    { url: `${site}/disguised` },
    { url: `${site}/gone` },
    { url: `${site}/endless`, maxBytes: 1_000_000 },
    { url: "gopher://x/" },
  );
  expect(dialogs?.markdown).toMatch(/one\s+two/);
  expect(dialogs?.answer).toMatchObject({
    how: "rendered",
    notes: expect.arrayContaining([expect.stringContaining("dialog")]),
  });
  expect(disguised).toMatchObject({ answer: { kind: "file" }, file: 8 });
  expect(gone).toMatchObject({ answer: { kind: "page", status: 404 }, markdown: "nothing here" });
  expect(endless?.answer).toMatchObject({
    kind: "none",
    why: expect.stringContaining("max_bytes"),
  });
  expect(odd?.answer).toMatchObject({ code: "refused" });
});

test("a page without end is shown as far as it came, and takes no browser", async () => {
  const [pour] = await fetch({ url: `${plainSite}/pour` });
  expect(pour?.markdown).toContain("words of a page that does not end");
  const notes = expect.arrayContaining([expect.stringContaining("as it is so long")]);
  expect(pour?.answer).toMatchObject({ kind: "page", status: 200, how: "static", notes });
});

test("who has no grant gets nothing, and takes nobody's place", async () => {
  const nothing = async (user: string, why: RegExp) => {
    const asked = [{ url: `${site}/data` }, { verb: "search", query: "x", count: 1 }];
    for (const { answer } of await ask(user, ...asked))
      expect([user, answer]).toMatchObject([
        user,
        { kind: "none", code: "denied", why: expect.stringMatching(why) },
      ]);
  };
  const socket = ["curl", "-s", "--unix-socket", "/run/con/browser/socket", "http://x/"];
  for (const user of ["a-sysadmin", "nobody"]) {
    await nothing(user, /^the manifest grants no tool of the web$/);
    // 7: it could not connect.
    expect([user, (await container.exec(socket, { user })).code]).toEqual([user, 7]);
  }
  await container.must(["setfacl", "-m", "u:a-sysadmin:x", "/run/con/browser"]);
  await nothing("a-sysadmin", /is not granted/);
  await container.must(["con", "bootstrap"]);
});

test("Chromium runs unprivileged, in its own sandbox, without a network, and leaves nothing", async () => {
  const waiting = fetch({ url: `${site}/waits` });
  const seen = await until(async () => {
    const script = `for p in $(pgrep -u con-browser -f 'chromium.*--type=renderer'); do
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/$p/status; readlink /proc/$p/ns/net /proc/$p/ns/user; done`;
    const { stdout } = await container.exec(["/bin/sh", "-c", script]);
    return stdout.includes("Seccomp") ? stdout : null;
  }, "a renderer");
  expect(seen).toMatch(/CapEff:\s+0{16}\nNoNewPrivs:\s+1\nSeccomp:\s+2/);
  for (const kind of ["net", "user"]) {
    const outside = (await container.must(["readlink", `/proc/1/ns/${kind}`])).trim();
    expect(seen).not.toContain(outside);
  }
  await container.must(["curl", "-s", `${site}/release`]);
  expect((await waiting)[0]?.markdown).toBe("words");
  await until(async () => {
    const units = await container.must([
      "systemctl",
      "list-units",
      "--all",
      "--plain",
      "--no-legend",
      "con-browser@*",
    ]);
    const { stdout } = await container.exec(["pgrep", "-u", "con-browser"]);
    return units.trim() === "" && stdout === "" ? true : null;
  }, "the end of all requests");
  const left = "find /tmp /var/tmp /run/con -user con-browser; ls /tmp | grep con-browser || true";
  expect(await container.must(["/bin/sh", "-c", left])).toBe("");
});

test("without a browser pages are read as they come, and that is said", async () => {
  await container.must(["mv", "/usr/lib/chromium/chromium", "/usr/lib/chromium/away"]);
  const [page, rendered] = await fetch(
    { url: `${site}/dialogs` },
    { url: `${site}/made`, mode: "rendered" },
  );
  expect(page).toMatchObject({
    markdown: "one",
    answer: { how: "static", notes: [expect.stringContaining("no browser")] },
  });
  expect(rendered?.answer).toMatchObject({
    kind: "none",
    why: expect.stringContaining("no browser"),
  });
});
