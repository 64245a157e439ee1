/** `port_listening` and `nft_rule`: what the kernel says about sockets and packet rules. Connects to nothing. */
import fs from "node:fs";
import { errnoOf } from "../../../system/disk.ts";
import type { exec } from "../../../system/exec.ts";
import type { BuiltinArguments, BuiltinCheck, Verdict } from "../../types.ts";
import { judge, numberIn, textIn, unable } from "../con/verdicts.ts";

/** linux/tcp_states.h, and 7 (TCP_CLOSE) for a UDP socket that is bound and connected to nobody. */
const states = { tcp: "0A", udp: "07" } as const;
type Protocol = keyof typeof states;

/** `prefix` stands before /proc; empty on a real machine. */
export const portListening =
  (prefix: string): BuiltinCheck =>
  async (args) => {
    if (args["socket"] !== undefined) return socketListening(prefix, textIn(args, "socket"));
    const port = numberIn(args, "port");
    const protocol: Protocol = args["protocol"] === "udp" ? "udp" : "tcp";
    const tables = [protocol, `${protocol}6`].map((name) =>
      readTable(`${prefix}/proc/net/${name}`),
    );
    if (tables.every((table) => table === null))
      return unable(`the kernel has no table of ${protocol} sockets`);
    const there = tables.some((table) => table !== null && isBound(table, port, states[protocol]));
    const name = `${protocol} port ${port}`;
    return verdict(there, `nothing listens on ${name}`, `${name} is listened on`, args);
  };

function isBound(table: string, port: number, state: string): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").some((line) => {
    const [, local = "", , at = ""] = line.trim().split(/\s+/);
    return local.endsWith(`:${wanted}`) && at === state;
  });
}

/** __SO_ACCEPTCON (linux/net.h): a server's socket, not one that is connected to it. */
const accepting = 0x1_0000;

function socketListening(prefix: string, path: string): Verdict {
  const table = readTable(`${prefix}/proc/net/unix`);
  if (table === null) return unable("the kernel has no table of Unix sockets");
  const there = table.split("\n").some((line) => {
    const match = /^\S+: \S+ \S+ ([0-9A-Fa-f]+) \S+ \S+\s+\d+ (.*)$/.exec(line);
    return match?.[2] === path && (Number.parseInt(match[1] ?? "", 16) & accepting) !== 0;
  });
  return verdict(there, `nothing listens on ${path}`, `${path} is listened on`, {});
}

function verdict(there: boolean, no: string, yes: string, args: BuiltinArguments): Verdict {
  const port = args["port"];
  const remedy = port === undefined ? null : `see who should: systemctl list-sockets; ss -lntup`;
  const trouble = { found: `${no}, wanted a listener`, key: no };
  return judge(there ? [] : [remedy === null ? trouble : { ...trouble, remedy }], yes);
}

/** Null where this kernel has none, as with IPv6 switched off. */
function readTable(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

export const nftRule =
  (run: typeof exec): BuiltinCheck =>
  async (args) => {
    const table = textIn(args, "table");
    const family = args["family"] === undefined ? "inet" : textIn(args, "family");
    const name = `${family} ${table}`;
    const listed = await run(["nft", "--stateless", "list", "table", family, table]);
    if (listed.code === 127) return unable("nft is not installed: apt-get install nftables");
    if (listed.code !== 0 && !/No such file or directory/.test(listed.stderr))
      return unable(`nft was refused: ${listed.stderr.trim().split("\n")[0] ?? ""}`);
    const remedy = "con reapply rules";
    if (listed.code !== 0)
      return judge([{ found: `there is no packet table ${name}`, key: `no ${name}`, remedy }], "");
    const contains = args["contains"];
    const fine = `packet table ${name} is loaded`;
    if (typeof contains !== "string" || listed.stdout.includes(contains)) return judge([], fine);
    const found = `packet table ${name} has no rule with: ${contains}`;
    return judge([{ found, key: found, remedy }], "");
  };
