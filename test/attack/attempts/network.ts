/** Attempts at addresses, sockets and the gateway. */
import { type Attempt, attempt, closed, everywhere, type Group, type Vantage } from "../table.ts";

const unreachable = [
  ...["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "ETIMEDOUT"],
  ...["EAFNOSUPPORT", "EPERM", "EACCES", "ENODEV"],
];
const all: readonly Vantage[] = [...everywhere, "online"];

/** Somebody listens at each of these; the test puts the addresses on an interface of the container. */
const addresses = [
  ["another port of this machine", "127.0.0.1", 7702],
  ["another port by IPv6", "::1", 7702],
  ["the address of cloud metadata", "169.254.169.254", 80],
  ["an address of a private network", "10.99.0.1", 7702],
  ["a name server", "127.0.0.53", 53],
] as const;

const stops = "PrivateNetwork; for an agent with a network the packet rules, by uid";

const reach = addresses.flatMap(([name, host, port]): Attempt[] =>
  (["tcp", "datagram"] as const).map((deed) =>
    attempt({
      name: `${deed === "tcp" ? "TCP" : "UDP"} to ${name}`,
      loses: "data, out; services that believe in this machine",
      stops,
      deed,
      with: () => ({ host, port }),
      from: all,
      refusals: unreachable,
    }),
  ),
);

const sockets: readonly (readonly [string, readonly number[], string])[] = [
  ["a raw socket", [2, 3, 1], "forged packets"],
  ["a packet socket", [17, 3, 0], "everybody's packets"],
];

const open: Group = {
  title: "The network",
  attempts: [
    ...reach,
    ...sockets.map(([name, kind, loses]) =>
      attempt({
        name: `open ${name}`,
        loses,
        stops: "RestrictAddressFamilies; no CAP_NET_RAW",
        deed: "socket",
        with: () => ({ kind }),
        from: all,
        refusals: ["EPERM", "EACCES", "EAFNOSUPPORT"],
      }),
    ),
    attempt({
      name: "reach an abstract socket of others",
      loses: "services that believe in this machine",
      stops: "PrivateNetwork",
      deed: "abstract",
      with: () => ({ name: "con-attack" }),
      refusals: ["ECONNREFUSED", "EPERM"],
    }),
    attempt({
      name: "change the packet rules",
      loses: "the bounds of every agent with a network",
      stops: "no CAP_NET_ADMIN",
      deed: "command",
      from: all,
      with: () => ({ script: "/usr/sbin/nft add table inet attack" }),
      refusals: ["EPERM", "EACCES", "EAFNOSUPPORT"],
    }),
  ],
};

export const chat = (
  headers = "",
  body = '{"model":"smart","stream":true,"messages":[{"role":"user","content":"[]"}]}',
) => ({
  head: `POST /v1/chat/completions HTTP/1.1\nhost: con\ncontent-type: application/json\ncontent-length: {length}\nconnection: close${headers}`,
  body,
});

export const deep = 20_000;

const odd: readonly (readonly [
  string,
  { head: string; body: string },
  readonly string[],
  string,
])[] = [
  [
    "an endpoint that is not for it: /con/allow",
    { ...chat(), head: chat().head.replace("/v1/chat/completions", "/con/allow") },
    ["403", "404"],
    "spending without people",
  ],
  [
    "two lengths in one request",
    chat("\ncontent-length: 5"),
    ["400"],
    "requests hidden in requests",
  ],
  [
    "a length and chunks",
    chat("\ntransfer-encoding: chunked"),
    ["400"],
    "requests hidden in requests",
  ],
  [
    "huge headers",
    chat(`\nx-con-task: ${"x".repeat(100_000)}`),
    ["431", "closed", "ECONNRESET", "EPIPE"],
    "the gateway's memory",
  ],
  [
    "a body without end of nesting",
    chat("", `{"model":"smart","stream":true,"messages":${"[".repeat(deep)}${"]".repeat(deep)}}`),
    ["400", "413"],
    "the gateway's stack",
  ],
  [
    "a model that its manifest does not name",
    chat("", '{"model":"fast","stream":true,"messages":[{"role":"user","content":"[]"}]}'),
    ["403", "404"],
    "money",
  ],
  [
    "a tool of the provider's",
    chat("", '{"model":"smart","stream":true,"messages":[],"tools":[{"type":"web_search"}]}'),
    ["400"],
    "money that no budget knows",
  ],
];

const gateway: Group = {
  title: "The gateway",
  attempts: odd.map(([name, bytes, refusals, loses]) =>
    attempt({
      name: `to the gateway: ${name}`,
      loses,
      stops: "the gateway refuses what it does not know; a tool call has no socket",
      deed: "request",
      with: () => ({ socket: "/run/con/gateway.sock", ...bytes }),
      from: ["shell", "runner"],
      refusals: [...closed, ...refusals],
      control: { as: "user", with: () => ({ socket: "/run/con/gateway.sock", ...chat() }) },
    }),
  ),
};

/** Each with half a request of its kind: the rest never comes. */
const flooded = [
  ["the gateway", "/run/con/gateway.sock", "everybody's model calls", ["runner", 200, 20]],
  ["the throw-away sandbox", "/run/con/sandbox/socket", "runs of others", ["granted", 30, 3]],
  ["the browser", "/run/con/browser/socket", "pages of others", ["granted", 30, 3]],
] as const;

const floods: Group = {
  title: "Floods",
  attempts: flooded.map(([name, socket, loses, [vantage, count, few]]) => {
    const half = vantage === "runner" ? "POST /v1/chat" : "{";
    return attempt({
      name: `hold all connections of ${name}`,
      loses,
      stops: "connections are counted by uid",
      deed: "flood",
      with: () => ({ socket, half, count, ms: 1_000 }),
      from: [vantage],
      refusals: ["closed"],
      control: { as: "there", with: () => ({ socket, half, count: few, ms: 1_000 }) },
    });
  }),
};

export const networkGroups: readonly Group[] = [open, gateway, floods];
