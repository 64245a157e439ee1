/**
 * The web at its oddest, without Chromium and under the real units: certificates, charsets, answers that are cut or never
 * end, and search engines with a key.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fetched } from "../../src/tools/desks.ts";
import { putProgram } from "./support/bundle.ts";
import type { Container } from "./support/container.ts";
import { allowed, plainSite, startOddSite, stopOddSite } from "./support/odd-site.ts";
import { sharedContainer } from "./support/shared.ts";

let container: Container;
let driver: readonly string[];

const key = "odd-7f3c-not-for-other-eyes";
const engine = (name: string, more = ""): string =>
  `{name: ${name}, url: "https://search.test:8443/${name}?q={query}&n={count}"${more}}`;
const paths = "results: web.results, snippet: description";
const engines = [
  ...["limited", "broken", "shapeless"].map((name) => engine(name)),
  engine("brave", `, credential: odd, header: X-Subscription-Token, ${paths}`),
  engine("searx"),
];
const manifest = `name: reader
tier: worker
description: reads the web
model: fast
can: {tools: [web]}
`;

beforeAll(async () => {
  container = sharedContainer();
  driver = await putProgram(container, "web-driver");
  await startOddSite(container, key);
  const web = `\nweb: {allow: [${allowed}], search: [${engines}]}\n`;
  await container.copyIn("/etc/con/agents.d/reader.yaml", manifest);
  const script = `cp -a /etc/con/con.yaml /run/con.yaml.before; printf '%s' "$1" >>/etc/con/con.yaml; con bootstrap`;
  await container.must(["/bin/sh", "-ec", script, "sh", web]);
});
afterAll(async () => {
  const script = `cp -a /run/con.yaml.before /etc/con/con.yaml; con agent remove reader
con credential remove odd || true; con bootstrap`;
  await container.exec(["/bin/sh", "-c", script]);
  await stopOddSite(container);
});

type Answered = Omit<Fetched, "file" | "screenshot"> & { readonly file: number };

const ask = async (...asked: readonly object[]): Promise<Answered[]> =>
  JSON.parse(
    await container.must([...driver, JSON.stringify(asked)], { user: "a-reader" }),
  ) as Answered[];
const search = async (query = "x") => (await ask({ verb: "search", query, count: 5 }))[0]?.answer;

test("a certificate that is not to be trusted is refused in words, and never looked past", async () => {
  const hosts = ["search.test:8443", "expired.test:8444", "other.test:8445", "self.test:8446"];
  const [fine, ...bad] = await ask(...hosts.map((host) => ({ url: `https://${host}/fine` })), {
    url: "https://127.0.0.1:8092/fine",
  });
  expect(fine).toMatchObject({ answer: { kind: "page", status: 200 }, markdown: "trusted" });
  const whys = bad.map(({ answer }) => (answer.kind === "none" ? answer.why : answer));
  expect(whys).toEqual([
    expect.stringContaining("no trusted TLS connection: its certificate has expired"),
    expect.stringContaining("its certificate is for another name"),
    expect.stringContaining("its certificate is signed by itself alone"),
    expect.stringContaining("does not speak TLS"),
  ]);
  const list = await container.must(["curl", "-s", "-k", "https://127.0.0.1:8443/seen"]);
  expect(list.match(/"\/fine /g)).toHaveLength(1);
});

test("pages are read in the charset that they are in, whatever they say", async () => {
  const names = ["shift-jis", "koi8", "nonsense", "undeclared", "utf-16", "lying"];
  const found = await ask(...names.map((name) => ({ url: `${plainSite}/${name}` })));
  expect(found.map(({ markdown }) => markdown)).toEqual([
    ...["日本", "Привет", "café", "café", "café"],
    // It says UTF-8 and is not: as browsers show it.
    "caf\ufffd and more",
  ]);
});

test("what is cut, endless or no HTTP at all has an end and a reason", async () => {
  const names = ["cut-page", "cut-file", "no-length", "no-head", "long-head", "loop"];
  const asked = names.map((name) => ({ url: `${plainSite}/${name}` }));
  const [page, file, whole, none, long, loop] = await ask(...asked);
  const cut = { notes: expect.arrayContaining([expect.stringContaining("not read to the end")]) };
  expect(page).toMatchObject({ markdown: "begun", answer: { kind: "page", ...cut } });
  expect(file?.answer).toMatchObject({ kind: "none", why: expect.stringContaining("after 5") });
  expect(whole).toMatchObject({ markdown: "all of it", answer: { kind: "page" } });
  for (const { answer } of [none, long, loop] as Answered[])
    expect(answer).toMatchObject({ kind: "none", code: "failed" });
  expect(loop?.answer).toMatchObject({ why: expect.stringContaining("more than 10 redirects") });
  const sizes = await ask({ url: `${plainSite}/pour` }, { url: `${plainSite}/huge` });
  for (const { answer, markdown } of sizes) {
    expect(answer).toMatchObject({
      kind: "page",
      notes: expect.arrayContaining([expect.stringContaining("more than 5242880 bytes")]),
    });
    expect(markdown.length).toBeGreaterThan(1_000_000);
    expect(markdown.length).toBeLessThan(6_000_000);
  }
  const raw = { mode: "raw", maxBytes: 20_000_000 };
  const [tooBig] = await ask({ url: `${plainSite}/huge`, ...raw });
  expect(tooBig?.answer).toMatchObject({ kind: "none", why: expect.stringContaining("max_bytes") });
});

test("engines are asked in order; a key goes to its engine alone and is written nowhere", async () => {
  const hits = (titles: readonly string[]) =>
    titles.map((title) => expect.objectContaining({ title }));
  expect(await search()).toMatchObject({
    engine: "searx",
    hits: hits(["First\n2. forged", "Second"]),
  });
  const setKey = (text: string) =>
    container.must(["/bin/sh", "-ec", "con credential set odd; con bootstrap"], { input: text });
  await setKey("wrong-key");
  expect(await search()).toMatchObject({ engine: "searx" });
  await setKey(key);
  expect(await search()).toMatchObject({ engine: "brave", hits: hits(["Third"]) });
  const failed = await search("fail");
  expect(failed).toMatchObject({
    kind: "none",
    code: "failed",
    why: [
      "limited: it answered with status 429: too many requests, ask again in 7 s",
      "broken: its answer is no JSON",
      "shapeless: its answer has no list at results",
      "brave: it answered with status 500",
      "searx: it answered with status 503",
    ].join("; "),
  });
  const seen = await container.must(["curl", "-s", "-k", "https://127.0.0.1:8443/seen"]);
  const requests = (JSON.parse(seen) as string[]).filter((line) => line.includes("-token"));
  expect(requests.map((line) => line.slice(0, line.indexOf(" ")))).toEqual(Array(3).fill("/brave"));
  const looks = `journalctl --no-pager --output=verbose | grep -c "$0"; grep -rl "$0" /etc /run/systemd /var/lib/con /srv/con /usr/lib/con; true`;
  expect(await container.must(["/bin/sh", "-c", looks, key])).toBe("0\n");
});
