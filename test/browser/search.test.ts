import { describe, expect, it } from "vitest";
import { NoWay } from "../../src/browser/dial.ts";

import { hitsIn, search } from "../../src/browser/search.ts";
import { brokenWeb, engineTargets, readWeb } from "../../src/config/web.ts";

const engine = { name: "one", url: "https://search.test/?q={query}&n={count}" };

describe("hits", () => {
  const paths = { results: "web.results", title: "title", link: "url", snippet: "description" };
  it("are found by paths; what has no address of the web is left out", () => {
    const value = {
      web: {
        results: [
          { title: "<b>A</b> b", url: "https://a.test/", description: "x < y" },
          { title: "B", url: "javascript:alert(1)" },
          { url: "http://c.test/" },
          null,
        ],
      },
    };
    expect(hitsIn(paths, value, 10)).toEqual([
      { title: "A b", url: "https://a.test/", snippet: "x < y" },
      { title: "", url: "http://c.test/", snippet: "" },
    ]);
    expect(hitsIn(paths, value, 1)).toHaveLength(1);
    expect(hitsIn(paths, {}, 1)).toContain("no list at web.results");
    expect(hitsIn(paths, { web: { results: { __proto__: 1 } } }, 1)).toContain("no list");
  });
});

describe("search", () => {
  const { search: engines } = readWeb({
    search: [
      { ...engine, credential: "brave", header: "X-Key" },
      { ...engine, name: "two" },
    ],
  });
  const dial = () => Promise.reject(new NoWay("failed", "no connection"));
  const getOf = () => ({ dial, userAgent: "x" });
  const never = new AbortController().signal;
  const asked = { verb: "search", query: "x", count: 1 } as const;

  it("asks one engine after the other, and says why none answered", async () => {
    const answer = await search({ engines, getOf, readKey: () => null }, asked, never);
    const why = "one: its key brave is missing: con credential set brave; two: no connection";
    expect(answer).toEqual({ kind: "none", code: "failed", why });
  });

  it("names the remedy where there is no engine", async () => {
    const answer = await search({ engines: [], getOf, readKey: () => null }, asked, never);
    expect(answer).toMatchObject({
      why: expect.stringContaining("web.search in /etc/con/con.yaml"),
    });
  });
});

describe("the configuration", () => {
  it("refuses exceptions for everything and keys in clear text", () => {
    const whys = (raw: Parameters<typeof brokenWeb>[0]) =>
      brokenWeb(raw).map(({ path }) => path.join("."));
    expect(
      whys({ allow: ["wiki.internal:443", "10.0.0.0/8:80", "[fd00::1]:80"], search: [engine] }),
    ).toEqual([]);
    expect(whys({ allow: ["*:443", "wiki.internal", "10.0.0.0/99:1"] })).toEqual([
      "web.allow.0",
      "web.allow.1",
      "web.allow.2",
    ]);
    const bad = [
      { ...engine, url: "https://x.test/" },
      { ...engine, url: "http://x.test/?q={query}", credential: "k" },
      { ...engine, url: "https://{query}.test/" },
    ];
    expect(whys({ search: bad })).toEqual([
      "web.search.0.url",
      "web.search.1.url",
      "web.search.2.url",
    ]);
  });

  it("knows where engines are, for the packet rules", () => {
    const urls = [
      "https://a.test/{query}",
      "http://[::1]:8080/?q={query}",
      "http://b.test./{query}",
    ];
    const search = urls.map((url) => ({ name: "x", url }));
    expect(engineTargets(readWeb({ search }))).toEqual(["a.test:443", "[::1]:8080", "b.test:80"]);
  });
});
