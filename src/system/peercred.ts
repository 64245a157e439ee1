/**
 * Who is at the other end of a Unix socket, as the kernel saw it at connect(2): SO_PEERCRED, unix(7).
 * koffi is loaded by the first call (about 9 ms); never: believes anything that came through the socket.
 */
import type { Socket } from "node:net";

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export type ReadPeer = (socket: Socket) => PeerCredentials;

/** asm-generic/socket.h; the same on x86-64 and arm64. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: three 32-bit integers. */
const ucredBytes = 12;

/** Loads the system call. The reader throws when the socket is closed or no Unix socket. */
export async function loadPeerReader(): Promise<ReadPeer> {
  const { default: koffi } = await import("koffi");
  const getsockopt = koffi
    .load("libc.so.6")
    .func(
      "int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)",
    );
  return (socket) => {
    const value = Buffer.alloc(ucredBytes);
    const length = [ucredBytes];
    const result: number = getsockopt(descriptorOf(socket), SOL_SOCKET, SO_PEERCRED, value, length);
    if (result !== 0) throw new Error(`getsockopt SO_PEERCRED failed with errno ${koffi.errno()}`);
    return {
      pid: value.readInt32LE(0),
      uid: value.readUInt32LE(4),
      gid: value.readUInt32LE(8),
    };
  };
}

/** Node keeps the descriptor on the handle and offers no public way to it. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as {
    readonly _handle: { readonly fd?: number } | null;
  };
  if (typeof handle?.fd !== "number" || handle.fd < 0) throw new Error("the connection is closed");
  return handle.fd;
}
