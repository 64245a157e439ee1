import http from "node:http";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readBody } from "../../src/browser/body.ts";
import { createDial, NoWay } from "../../src/browser/dial.ts";
import { get } from "../../src/browser/get.ts";
import { createMeter } from "../../src/browser/meter.ts";
import { createProxy, refusalHeader } from "../../src/browser/proxy.ts";
import { exceptionsOf } from "../../src/browser/target.ts";

const open: { close: () => unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function listen(server: net.Server): Promise<number> {
  open.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port));
  });
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;
const site = (handler: Handler): Promise<number> => listen(http.createServer(handler));

/** Names have the addresses given; connections go where they would, and are noted. */
function dialing(addresses: Readonly<Record<string, readonly string[]>>, allow: readonly string[]) {
  const connected: string[] = [];
  const dial = createDial({
    exceptions: exceptionsOf(allow),
    resolve: async (host) => {
      const found = addresses[host];
      if (found === undefined) throw Object.assign(new Error(), { code: "ENOTFOUND" });
      return found;
    },
    own: () => new Set(["9.9.9.9"]),
    connect: (address, port) =>
      new Promise((resolve, reject) => {
        connected.push(address);
        const socket = net.connect(port, address, () => resolve(socket));
        socket.on("error", reject);
      }),
  });
  return { dial, connected };
}

const never = new AbortController().signal;

describe("dial", () => {
  it("connects to none but an address that it checked, looked up once", async () => {
    let lookups = 0;
    const connected: string[] = [];
    const dial = createDial({
      exceptions: [],
      own: () => new Set(),
      resolve: async () => {
        lookups += 1;
        return lookups === 1 ? ["10.0.0.1", "1.2.3.4"] : ["10.0.0.1"];
      },
      connect: async (address) => {
        connected.push(address);
        return new net.Socket();
      },
    });
    await dial({ host: "rebinding.example", port: 443 }, never);
    expect([lookups, connected]).toEqual([1, ["1.2.3.4"]]);
    await expect(dial({ host: "rebinding.example", port: 443 }, never)).rejects.toThrow("private");
    expect(connected).toHaveLength(1);
  });

  it("opens a port that people excepted to the host that they excepted, and to no other", async () => {
    const connected: string[] = [];
    const dial = createDial({
      exceptions: exceptionsOf(["10.0.0.1:25", "mail.internal:25"]),
      own: () => new Set(),
      resolve: async (host) => [host === "mail.internal" ? "10.0.0.2" : "1.2.3.4"],
      connect: async (address) => {
        connected.push(address);
        return new net.Socket();
      },
    });
    await dial({ host: "mail.internal", port: 25 }, never);
    await dial({ host: "10.0.0.1", port: 25 }, never);
    for (const host of ["1.1.1.1", "public.test"])
      await expect(dial({ host, port: 25 }, never)).rejects.toThrow("not one of web servers");
    expect(connected).toEqual(["10.0.0.2", "10.0.0.1"]);
  });

  it("leads from the public web to nothing that people excepted", async () => {
    const exceptions = exceptionsOf(["wiki.internal:443", "10.1.0.0/16:8080"]);
    const deps = {
      ...{ exceptions, own: () => new Set<string>(), connect: async () => new net.Socket() },
      resolve: async (host: string) => [host === "public.test" ? "1.2.3.4" : "10.1.0.9"],
    };
    const from = async (...hosts: readonly string[]): Promise<string> => {
      const dial = createDial(deps);
      let last = "connected";
      for (const host of hosts) {
        const target = { host, port: host === "app.internal" ? 8080 : 443 };
        last = await dial(target, never).then(
          () => "connected",
          (error: NoWay) => error.kind,
        );
      }
      return last;
    };
    expect(await from("wiki.internal")).toBe("connected");
    expect(await from("app.internal", "wiki.internal", "public.test")).toBe("connected");
    expect(await from("wiki.internal", "public.test", "app.internal")).toBe("connected");
    expect(await from("public.test", "wiki.internal")).toBe("refused");
    expect(await from("public.test", "app.internal")).toBe("refused");
  });

  it("refuses by rule and fails by the network, and says which", async () => {
    const { dial, connected } = dialing({ in: ["10.0.0.1"], own: ["9.9.9.9"] }, []);
    const kinds = ["in", "own", "169.254.169.254", "nowhere"].map(async (host) => {
      try {
        await dial({ host, port: 80 }, never);
        return "connected";
      } catch (error) {
        return error instanceof NoWay ? error.kind : "thrown";
      }
    });
    expect(await Promise.all(kinds)).toEqual(["refused", "refused", "refused", "failed"]);
    expect(connected).toEqual([]);
  });
});

describe("get", () => {
  it("follows redirects, each checked like the first", async () => {
    const inner = await site((_, response) => response.end("secret"));
    const port = await site((request, response) => {
      const to: Record<string, string> = {
        "/in": `http://other.test:${inner}/`,
        "/file": "file:///etc/passwd",
        "/round": "/round",
        "/on": "/end",
      };
      const location = to[request.url ?? ""];
      if (location === undefined) response.end("end");
      else response.writeHead(302, { location }).end();
    });
    const names = { "site.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] };
    const { dial } = dialing(names, [`site.test:${port}`]);
    const ask = (path: string) =>
      get({ dial, userAgent: "x" }, new URL(`http://site.test:${port}${path}`), never);
    const got = await ask("/on");
    expect((await readBody(got.body, 100)).bytes.toString()).toBe("end");
    expect(got.url.pathname).toBe("/end");
    await expect(ask("/in")).rejects.toMatchObject({ kind: "refused" });
    await expect(ask("/file")).rejects.toMatchObject({ kind: "refused" });
    await expect(ask("/round")).rejects.toThrow("more than 10 redirects");
  });

  it("does not carry a key to another site", async () => {
    const port = await site((_, response) =>
      response.writeHead(302, { location: "http://b.test/" }).end(),
    );
    const { dial } = dialing({ "a.test": ["127.0.0.1"] }, [`a.test:${port}`]);
    const asked = get({ dial, userAgent: "x" }, new URL(`http://a.test:${port}/`), never, {
      "x-key": "k",
    });
    await expect(asked).rejects.toThrow("where the key does not go");
  });

  it("takes no more of a body than it may", async () => {
    const port = await site((_, response) => {
      const more = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
      response.on("close", () => clearInterval(more));
    });
    const { dial } = dialing({ "a.test": ["127.0.0.1"] }, [`a.test:${port}`]);
    const got = await get({ dial, userAgent: "x" }, new URL(`http://a.test:${port}/`), never);
    const { bytes, whole } = await readBody(got.body, 50_000);
    expect([bytes.length, whole]).toEqual([50_000, false]);
  });
});

describe("the proxy", () => {
  async function proxyTo(allow: (port: number) => string[], handler: Handler, most = 1_000_000) {
    const port = await site(handler);
    const { dial } = dialing({ "site.test": ["127.0.0.1"], "in.test": ["10.0.0.1"] }, allow(port));
    const proxy = createProxy({ dial, meter: createMeter(most), signal: never });
    open.push(proxy);
    const at = await new Promise<number>((resolve) => {
      proxy.server.listen(0, "127.0.0.1", () =>
        resolve((proxy.server.address() as net.AddressInfo).port),
      );
    });
    return { port, at, proxy };
  }

  const through = (
    at: number,
    path: string,
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> =>
    new Promise((resolve, reject) => {
      const request = http.get(
        { port: at, host: "127.0.0.1", path, headers: { host: "forged" } },
        (answer) => {
          let body = "";
          answer.on("data", (part: Buffer) => {
            body += part.toString();
          });
          answer.on("error", reject);
          answer.on("close", () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
          );
        },
      );
      request.on("error", reject);
    });

  const tunnelTo = (at: number, authority: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = net.connect(at, "127.0.0.1");
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      socket.once("data", (part: Buffer) => {
        resolve(part.toString().split("\r\n")[0] ?? "");
        socket.destroy();
      });
    });

  it("passes on what is open, under its true name, and refuses the rest in its own", async () => {
    const { port, at, proxy } = await proxyTo(
      (one) => [`site.test:${one}`],
      (request, response) => {
        response.setHeader(refusalHeader, "forged");
        response.end(request.headers.host);
      },
    );
    const good = await through(at, `http://site.test:${port}/`);
    expect(good).toMatchObject({ status: 200, body: `site.test:${port}` });
    expect(good.headers[refusalHeader]).toBeUndefined();
    const bad = await through(at, "http://in.test/");
    expect(bad.status).toBe(403);
    expect(decodeURIComponent(String(bad.headers[refusalHeader]))).toContain("in.test:80");
    for (const path of ["/", "ftp://site.test/", "https://site.test/"])
      expect((await through(at, path)).status).toBe(400);
    expect([...proxy.refusals().keys()]).toEqual(["in.test:80"]);
  });

  it("goes on after an answer that is none", async () => {
    const odd = await listen(
      net.createServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.end("HTTP/1.1 099 Odd\r\nContent-Length: 1\r\n\r\nx");
      }),
    );
    const { at } = await proxyTo(
      (one) => [`site.test:${one}`, `site.test:${odd}`],
      (_, response) => response.end(),
    );
    expect((await through(at, `http://site.test:${odd}/`)).status).toBe(502);
  });

  it("opens tunnels to what is open alone", async () => {
    const { port, at } = await proxyTo(
      (one) => [`site.test:${one}`],
      (_, response) => response.end(),
    );
    expect(await tunnelTo(at, `site.test:${port}`)).toContain(" 200 ");
    for (const authority of ["in.test:443", "127.0.0.1:443", "169.254.169.254:80", "[::1]:443"])
      expect([authority, await tunnelTo(at, authority)]).toEqual([
        authority,
        "HTTP/1.1 403 Forbidden",
      ]);
    expect(await tunnelTo(at, "u@site.test:443")).toContain(" 400 ");
  });

  it("cuts what is too much", async () => {
    const { port, at } = await proxyTo(
      (one) => [`site.test:${one}`],
      (_, response) => {
        const more = setInterval(() => response.write("x".repeat(50_000)), 1);
        response.on("close", () => clearInterval(more));
      },
      200_000,
    );
    const ended = await through(at, `http://site.test:${port}/`).then(
      ({ body }) => body.length,
      () => 0,
    );
    expect(ended).toBeLessThan(2_000_000);
  });
});
