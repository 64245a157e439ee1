import { describe, expect, it } from "vitest";
import { isInBlock, isPublic } from "../../src/browser/address.ts";
import {
  exceptionsOf,
  isAddressOpen,
  isPortOpen,
  targetOf,
  targetOfAuthority,
  webUrl,
} from "../../src/browser/target.ts";

describe("addresses", () => {
  it("lets public ones through and nothing else", () => {
    for (const open of [
      "1.1.1.1",
      "93.184.216.34",
      "172.32.0.1",
      "100.128.0.1",
      "2606:4700::1",
      "2a00:1450::5",
    ])
      expect([open, isPublic(open)]).toEqual([open, true]);
    const closed = [
      ...[
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
      ],
      ...["100.64.0.1", "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1"],
      ...["192.0.0.192", "198.18.0.1", "168.63.129.16", "203.0.113.9"],
      ...["::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"],
      ...["::ffff:10.0.0.1", "::ffff:1.1.1.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"],
      ...["2002:a00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"],
      ...["", "localhost", "1.2.3", "0x7f.1"],
    ];
    for (const address of closed) expect([address, isPublic(address)]).toEqual([address, false]);
  });

  it("knows blocks of both families", () => {
    expect(isInBlock("10.0.0.0/8", "10.200.0.1")).toBe(true);
    expect(isInBlock("10.0.0.0/8", "11.0.0.1")).toBe(false);
    expect(isInBlock("10.0.0.1", "10.0.0.1")).toBe(true);
    expect(isInBlock("10.0.0.1", "10.0.0.2")).toBe(false);
    expect(isInBlock("fd00::/8", "fd12::1")).toBe(true);
    expect(isInBlock("fd00::/8", "10.0.0.1")).toBe(false);
  });
});

describe("targets", () => {
  it("spells hosts as the URL standard does", () => {
    const cases = {
      "http://0x7f.1/": ["127.0.0.1", 80],
      "http://2130706433:81/": ["127.0.0.1", 81],
      "http://017700000001/": ["127.0.0.1", 80],
      "https://EXAMPLE.org./x": ["example.org", 443],
      "http://[::FFFF:127.0.0.1]/": ["::ffff:7f00:1", 80],
      "http://ⓔxample.org/": ["example.org", 80],
      "http://127.0.0.1%2f/": null,
    } as const;
    for (const [url, wanted] of Object.entries(cases)) {
      const found = webUrl(url);
      const target = found.ok ? targetOf(found.value) : null;
      expect([url, target && [target.host, target.port]]).toEqual([url, wanted]);
    }
  });

  it("takes http and https without a password only", () => {
    for (const url of [
      "file:///etc/passwd",
      "ftp://x/",
      "javascript:1",
      "data:,x",
      "about:blank",
      "x",
      "",
    ])
      expect([url, webUrl(url).ok]).toEqual([url, false]);
    expect(webUrl("http://u:p@example.org/").ok).toBe(false);
    expect(webUrl(`http://x/${"a".repeat(9000)}`).ok).toBe(false);
  });

  it("reads the authority of a tunnel strictly", () => {
    expect(targetOfAuthority("example.org:443")).toEqual({ host: "example.org", port: 443 });
    expect(targetOfAuthority("example.org:80")).toEqual({ host: "example.org", port: 80 });
    expect(targetOfAuthority("[::1]:443")).toEqual({ host: "::1", port: 443 });
    expect(targetOfAuthority("0x7f.1:443")).toEqual({ host: "127.0.0.1", port: 443 });
    for (const odd of [
      "example.org",
      "a@b:443",
      "a/b:443",
      "x:0",
      "x:99999",
      ":443",
      "x y:1",
      "x\\y:443",
      "?:1",
    ])
      expect([odd, targetOfAuthority(odd)]).toEqual([odd, null]);
  });

  it("excepts what people named, by name or by block, and only on that port", () => {
    const exceptions = exceptionsOf(["wiki.internal:8443", "10.1.0.0/16:80", "[fd00::/8]:443"]);
    const none: ReadonlySet<string> = new Set();
    const open = (host: string, port: number, address: string, own = none) =>
      isAddressOpen(exceptions, { host, port }, address, own);
    expect(open("wiki.internal", 8443, "10.9.9.9")).toBe(true);
    expect(open("wiki.internal", 443, "10.9.9.9")).toBe(false);
    expect(open("evil.example", 8443, "10.9.9.9")).toBe(false);
    expect(open("any.example", 80, "10.1.2.3")).toBe(true);
    expect(open("any.example", 81, "10.1.2.3")).toBe(false);
    expect(open("any.example", 443, "fd12::1")).toBe(true);
    expect(open("example.org", 443, "1.1.1.1")).toBe(true);
    expect(open("example.org", 443, "1.1.1.1", new Set(["1.1.1.1"]))).toBe(false);
  });

  it("opens ports of web servers, high ones, and excepted ones", () => {
    const exceptions = exceptionsOf(["wiki.internal:81"]);
    const ports = [22, 25, 81, 80, 443, 1023, 1024, 8080].map((port) =>
      isPortOpen([], { host: "x", port }),
    );
    expect(ports).toEqual([false, false, false, true, true, false, true, true]);
    expect(isPortOpen(exceptions, { host: "wiki.internal", port: 81 })).toBe(true);
  });
});
