/** Addresses, sockets and the services behind them. */
import dgram from "node:dgram";
import fs from "node:fs";
import net from "node:net";
import type { Args, Deed, Done } from "../types.ts";
import { kernel } from "./kernel.ts";

const patienceMs = 400;

const done = (detail = ""): Done => ({ blockedBy: null, detail });

type Settle = (blockedBy: string | null, detail?: string) => void;

/** A connection that is made counts; silence is ETIMEDOUT. */
const reaching = (start: (settle: Settle) => () => void): Promise<Done> =>
  new Promise((resolve) => {
    let stop = (): void => undefined;
    const timer = setTimeout(() => settle("ETIMEDOUT"), patienceMs);
    const settle: Settle = (blockedBy, detail = "") => {
      clearTimeout(timer);
      stop();
      resolve({ blockedBy, detail });
    };
    stop = start(settle);
  });

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? String((error as Error).message);

function connect(where: net.NetConnectOpts): Promise<Done> {
  return reaching((settle) => {
    const socket = net.connect(where);
    socket.once("connect", () => settle(null));
    socket.once("error", (error) => settle(codeOf(error)));
    return () => socket.destroy();
  });
}

/** Whoever listens sends the datagram back. */
function datagram(args: Args): Promise<Done> {
  const [host, port] = [args.text("host"), args.number("port")];
  return reaching((settle) => {
    let socket: dgram.Socket;
    try {
      socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
    } catch (error) {
      settle(codeOf(error));
      return () => undefined;
    }
    socket.once("error", (error) => settle(codeOf(error)));
    socket.once("message", (message) => settle(null, message.toString("utf8", 0, 100)));
    socket.send("hello", port, host, (error) => {
      if (error !== null) settle(codeOf(error));
    });
    return () => socket.close();
  });
}

const request = (args: Args): Promise<Done> =>
  exchange(net.connect(args.text("socket")), args.text("head"), args.text("body"));

/** One request as bytes, and the status that came back; all that is not 2xx blocked it. */
export function exchange(socket: net.Socket, wanted: string, body: string): Promise<Done> {
  const head = wanted.replaceAll("{length}", String(Buffer.byteLength(body)));
  return new Promise((resolve) => {
    let said = "";
    const end = (code: string | null): void => {
      socket.destroy();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(said)?.[1];
      const blockedBy = status === undefined ? (code ?? "closed") : status;
      const detail = `${said.length} bytes: ${said.slice(0, 60)} … ${said.slice(-240)}`;
      resolve({ blockedBy: blockedBy.startsWith("2") ? null : blockedBy, detail });
    };
    socket.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    socket.setTimeout(5_000, () => end("ETIMEDOUT"));
    socket.once("error", (error) => end(codeOf(error)));
    socket.once("close", () => end(null));
    socket.write(`${head.replaceAll("\n", "\r\n")}\r\n\r\n${body}`);
  });
}

/** Holds as many connections as it gets, half a request on each; how many stay. */
function flood(args: Args): Promise<Done> {
  const [path, count] = [args.text("socket"), args.number("count")];
  const open = new Set<net.Socket>();
  return new Promise((resolve) => {
    let made = 0;
    for (let n = 0; n < count; n += 1) {
      const socket = net.connect(path, () => {
        made += 1;
        socket.write(args.text("half"));
      });
      open.add(socket);
      socket.on("error", () => open.delete(socket));
      socket.on("close", () => open.delete(socket));
    }
    setTimeout(() => {
      const held = open.size;
      for (const socket of open) socket.destroy();
      const detail = `${made} made, ${held} held`;
      resolve({ blockedBy: held < count ? "closed" : null, detail });
    }, args.number("ms"));
  });
}

function openSocket(args: Args): Done {
  const [family = 0, type = 0, protocol = 0] = args.numbers("kind");
  fs.closeSync(kernel("socket", family, type, protocol));
  return done();
}

export const network: Readonly<Record<string, Deed>> = {
  datagram,
  request,
  flood,
  socket: openSocket,
  tcp: (args) => connect({ host: args.text("host"), port: args.number("port") }),
  unix: (args) => connect({ path: args.text("path") }),
  abstract: (args) => connect({ path: `\0${args.text("name")}` }),
};
