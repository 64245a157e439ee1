/** `budget:` and `may:` of a manifest: from what was written to what holds. */
import { describe, expect, test } from "vitest";
import { budgetOf, mayOf, noBudget, noMay } from "../../src/config/authority.ts";

describe("budget", () => {
  test("has no limit that nobody wrote, and waits for the next day", () => {
    expect(budgetOf()).toEqual(noBudget);
    expect(noBudget).toEqual({
      ...{ usdPerDay: null, tokensPerDay: null, usdPerTask: null, tokensPerTask: null },
      ...{ askUsdPerTask: null, askTokensPerTask: null, tokensPerCall: null },
      ...{ over: "defer", warnPct: 80 },
    });
  });

  test("keeps each number where it belongs, zero too", () => {
    const written = {
      ...{ usd_per_day: 1, tokens_per_day: 2, usd_per_task: 0, tokens_per_task: 4 },
      ...{ ask_usd_per_task: 5, ask_tokens_per_task: 6, tokens_per_call: 7 },
      ...{ over: "fail" as const, warn_pct: 0 },
    };
    expect(budgetOf(written)).toEqual({
      ...{ usdPerDay: 1, tokensPerDay: 2, usdPerTask: 0, tokensPerTask: 4 },
      ...{ askUsdPerTask: 5, askTokensPerTask: 6, tokensPerCall: 7 },
      ...{ over: "fail", warnPct: 0 },
    });
  });
});

describe("may", () => {
  test("is nothing that nobody wrote", () => {
    expect(mayOf()).toEqual({ may: noMay, broken: [] });
    expect(mayOf({ propose: [], grant: {} })).toEqual({ may: noMay, broken: [] });
  });

  test("is each list in order and once, groups of tools as their tools", () => {
    const written = {
      request: ["retire", "amend", "retire"],
      propose: ["skills", "contracts"],
      grant: {
        tiers: ["worker", "officer"],
        task: ["z", "a"],
        read: ["/srv/con/logs/b/**", "/srv/con/artifacts/a", "/srv/con/logs/b"],
        write: ["/srv/con/artifacts/z", "/srv/con/artifacts/y/**"],
        network: ["example.org:443", "*", "10.0.0.0/8:80", "*:53"],
        tools: ["web", "shell", "data", "fetch_webpage"],
      },
    } as const;
    expect(mayOf(written)).toEqual({
      may: {
        request: ["amend", "retire"],
        propose: ["contracts", "skills"],
        grant: {
          tiers: ["worker", "officer"],
          task: ["a", "z"],
          read: ["/srv/con/artifacts/a", "/srv/con/logs/b"],
          write: ["/srv/con/artifacts/y", "/srv/con/artifacts/z"],
          network: ["*", "*:53", "10.0.0.0/8:80", "example.org:443"],
          tools: ["fetch_webpage", "import_data", "search_web", "shell", "sql", "vectors"],
        },
      },
      broken: [],
    });
  });

  test("gives no directory outside of where agents share, and no pattern, but all else that was written", () => {
    const { may, broken } = mayOf({
      grant: {
        read: ["/srv/con/logs", "/etc/con/**"],
        write: ["/srv/con/logs/x", "/srv/con/artifacts/*", "/srv/con/artifacts/x"],
      },
    });
    expect(may.grant).toMatchObject({ read: ["/srv/con/logs"], write: ["/srv/con/artifacts/x"] });
    const remedy = "expected /srv/con/artifacts/x/**";
    const path = (kind: string, index: number) => ["may", "grant", kind, index];
    expect(broken).toEqual([
      {
        path: path("read", 1),
        why: "/etc/con/** is not below /srv/con/artifacts or /srv/con/logs",
        remedy,
      },
      { path: path("write", 0), why: "/srv/con/logs/x is not below /srv/con/artifacts", remedy },
      { path: path("write", 1), why: expect.stringContaining("is a pattern"), remedy },
    ]);
  });

  test("says where a network target is none", () => {
    const { broken } = mayOf({ grant: { network: ["*:80", "example.org", "*", "a b:1"] } });
    const remedy = "expected HOST:PORT, ADDRESS/LEN:PORT, [IPV6/LEN]:PORT, *:PORT or *";
    const path = (index: number) => ["may", "grant", "network", index];
    expect(broken).toEqual([
      { path: path(1), why: '"example.org" is not a network target', remedy },
      { path: path(3), why: '"a b:1" is not a network target', remedy },
    ]);
  });
});
