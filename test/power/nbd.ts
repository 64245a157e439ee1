/**
 * Serves one disk to one machine by the network block device protocol (fixed newstyle, simple replies), on a socket.
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 * Offers read, write and flush; so the guest's "written through" becomes a flush. Never: answers again after `freeze`.
 */
import { once } from "node:events";
import net from "node:net";
import type { CachedDisk } from "./disk.ts";

const optionMagic = 0x49484156454f5054n;
const optionReply = 0x3e889045565a9n;
const requestMagic = 0x25609513;
const replyMagic = 0x67446698;
const option = { abort: 2, info: 6, go: 7 };
const reply = { ack: 1, info: 3, unsupported: 0x80000001 };
const command = { read: 0, write: 1, disconnect: 2, flush: 3 };
/** HAS_FLAGS, SEND_FLUSH. */
const exportFlags = 1 | 4;
const invalid = 22;

export interface Served {
  /** No further request is done or answered. */
  readonly freeze: () => void;
  readonly close: () => Promise<void>;
}

export interface Watch {
  /** After each write is in the cache, before it is answered. */
  readonly written: () => void;
  readonly flushed: () => void;
}

export async function serveDisk(path: string, disk: CachedDisk, watch: Watch): Promise<Served> {
  let frozen = false;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    // A machine that is killed resets its connection; there is nothing to tell it.
    socket.on("error", () => socket.destroy());
    talk(socket, disk, watch, () => frozen).catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, "listening");
  return {
    freeze: () => {
      frozen = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

type Take = (length: number) => Promise<Buffer>;

/** Exactly so many bytes of a stream, each time; throws at its end. */
function taker(socket: net.Socket): Take {
  const chunks: Buffer[] = [];
  let held = 0;
  const source = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return async (length) => {
    while (held < length) {
      const { value, done } = await source.next();
      if (done === true) throw new Error("the machine hung up");
      chunks.push(value);
      held += value.length;
    }
    const all = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
    chunks.length = 0;
    if (held > length) chunks.push(all.subarray(length));
    held -= length;
    return all.subarray(0, length);
  };
}

async function talk(
  socket: net.Socket,
  disk: CachedDisk,
  watch: Watch,
  isFrozen: () => boolean,
): Promise<void> {
  const take = taker(socket);
  // NBDMAGIC, IHAVEOPT, then FIXED_NEWSTYLE and NO_ZEROES.
  socket.write(Buffer.concat([Buffer.from("NBDMAGICIHAVEOPT"), Buffer.from([0, 3])]));
  await take(4);
  if (!(await negotiate(socket, take, disk.size))) return void socket.end();
  for (;;) {
    const head = await take(28);
    if (head.readUInt32BE(0) !== requestMagic) throw new Error("no request of the protocol");
    const type = head.readUInt16BE(6);
    const [offset, length] = [Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
    const data = type === command.write ? await take(length) : null;
    if (type === command.disconnect) return void socket.end();
    if (isFrozen()) return void socket.destroy();
    const answer = act(disk, watch, type, offset, data ?? length);
    // A write may have been the one at which the power fails.
    if (isFrozen()) return void socket.destroy();
    const said = Buffer.alloc(16);
    said.writeUInt32BE(replyMagic, 0);
    said.writeUInt32BE(answer === null ? invalid : 0, 4);
    head.copy(said, 8, 8, 16);
    socket.write(answer === null || answer.length === 0 ? said : Buffer.concat([said, answer]));
  }
}

/** What is sent back; null where the request is not one that was offered. */
function act(
  disk: CachedDisk,
  watch: Watch,
  type: number,
  offset: number,
  what: Buffer | number,
): Buffer | null {
  const length = typeof what === "number" ? what : what.length;
  if (type === command.flush) {
    disk.flush();
    watch.flushed();
    return Buffer.alloc(0);
  }
  if (offset + length > disk.size) return null;
  if (type === command.read) return disk.read(offset, length);
  if (typeof what === "number") return null;
  disk.write(offset, what);
  watch.written();
  return Buffer.alloc(0);
}

/** True when the transmission begins. */
async function negotiate(socket: net.Socket, take: Take, size: number): Promise<boolean> {
  for (;;) {
    const head = await take(16);
    if (head.readBigUInt64BE(0) !== optionMagic) throw new Error("no option of the protocol");
    const [asked, length] = [head.readUInt32BE(8), head.readUInt32BE(12)];
    await take(length);
    if (asked === option.go || asked === option.info) {
      const info = Buffer.alloc(12);
      info.writeBigUInt64BE(BigInt(size), 2);
      info.writeUInt16BE(exportFlags, 10);
      socket.write(optionAnswer(asked, reply.info, info));
      socket.write(optionAnswer(asked, reply.ack));
      if (asked === option.go) return true;
    } else if (asked === option.abort) {
      socket.write(optionAnswer(asked, reply.ack));
      return false;
    } else socket.write(optionAnswer(asked, reply.unsupported));
  }
}

function optionAnswer(asked: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(optionReply, 0);
  head.writeUInt32BE(asked, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}
