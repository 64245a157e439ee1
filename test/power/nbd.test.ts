/** The disk's protocol, spoken by a client of ours as QEMU speaks it: options, writes, reads, flushes, and silence after power. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CachedDisk, openCachedDisk } from "./disk.ts";
import { type Served, serveDisk } from "./nbd.ts";

let directory: string;
let disk: CachedDisk;
let served: Served;
let client: net.Socket;
let seen: string[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "con-power-"));
  writeFileSync(join(directory, "disk"), Buffer.alloc(65_536, "-"));
  disk = openCachedDisk(join(directory, "disk"));
  seen = [];
  const socket = join(directory, "socket");
  const watch = { written: () => seen.push("write"), flushed: () => seen.push("flush") };
  served = await serveDisk(socket, disk, watch);
  client = net.connect(socket);
  await once(client, "connect");
});
afterEach(async () => {
  client.destroy();
  await served.close();
  disk.close();
  rmSync(directory, { recursive: true });
});

async function take(length: number): Promise<Buffer> {
  for (;;) {
    const bytes = client.read(length) as Buffer | null;
    if (bytes !== null) return bytes;
    await once(client, "readable");
  }
}

function option(asked: number): Buffer {
  const head = Buffer.alloc(16);
  head.write("IHAVEOPT");
  head.writeUInt32BE(asked, 8);
  return head;
}

function request(type: number, offset: number, length: number): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(0x25609513);
  head.writeUInt16BE(type, 6);
  head.write("handle-1", 8);
  head.writeBigUInt64BE(BigInt(offset), 16);
  head.writeUInt32BE(length, 24);
  return head;
}

/** Structured replies (8) are refused, go (7) is answered with size and flags. */
async function begin(): Promise<void> {
  expect((await take(18)).toString("latin1")).toBe("NBDMAGICIHAVEOPT\0\x03");
  client.write(Buffer.concat([Buffer.from([0, 0, 0, 3]), option(8), option(7)]));
  expect((await take(20)).readUInt32BE(12)).toBe(0x80000001);
  const info = await take(32);
  expect([info.readUInt32BE(12), Number(info.readBigUInt64BE(22)), info[31]]).toEqual([
    3, 65_536, 5,
  ]);
  expect((await take(20)).readUInt32BE(12)).toBe(1);
}

async function errorOf(): Promise<number> {
  const said = await take(16);
  expect([said.readUInt32BE(0), said.toString("latin1", 8)]).toEqual([0x67446698, "handle-1"]);
  return said.readUInt32BE(4);
}

test("a write is read back, and a flush is told", async () => {
  await begin();
  client.write(Buffer.concat([request(1, 4094, 4), Buffer.from("abcd")]));
  expect(await errorOf()).toBe(0);
  client.write(request(0, 4093, 6));
  expect(await errorOf()).toBe(0);
  expect((await take(6)).toString()).toBe("-abcd-");
  client.write(request(3, 0, 0));
  expect(await errorOf()).toBe(0);
  expect(seen).toEqual(["write", "flush"]);
});

test("what was not offered and what lies beyond the end is refused", async () => {
  await begin();
  for (const [type, offset] of [
    [4, 0],
    [0, 65_536],
  ] as const) {
    client.write(request(type, offset, 1));
    expect(await errorOf()).toBe(22);
  }
});

test("after power has failed nothing is done or answered", async () => {
  await begin();
  served.freeze();
  client.write(Buffer.concat([request(1, 0, 4), Buffer.from("abcd"), request(3, 0, 0)]));
  // The connection's end comes without an answer before it.
  await once(client.resume(), "close");
  expect(seen).toEqual([]);
  expect(disk.cut(() => 0)).toEqual({ open: 0, lost: 0 });
});
