/**
 * The system call filter of runners beside the unit's own, as setpriv(1) loads it: of leases (fcntl(2),
 * F_SETLEASE) only read leases may be taken. CAP_LEASE, which a runner needs to see whether a dropped file is
 * still being written, would permit write leases on every file that it can read too, and whoever opens such a file
 * waits up to 45 s: with one on /etc/ld.so.cache that is every program of the machine. systemd's filters do not
 * look at arguments.
 */

const fcntl = { x64: 72, arm64: 25 } as const;
/** AUDIT_ARCH_… of linux/audit.h. */
const arch = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const lease = { set: 1024, read: 0, none: 2 } as const;

/** Offsets in struct seccomp_data; of the arguments the lower halves, which are what the kernel looks at. */
const at = { number: 0, arch: 4, command: 24, argument: 32 } as const;
const load = 0x20;
const isEqual = 0x15;
const giveBack = 0x06;
const allow = 0x7fff0000;
const deny = 0x00050001;

/** [what, value, lines to skip when true, when false]: linux/filter.h. */
type Line = readonly [number, number, number, number];

const lines: readonly Line[] = [
  [load, at.arch, 0, 0],
  [isEqual, arch.x64, 0, 2],
  [load, at.number, 0, 0],
  [isEqual, fcntl.x64, 3, 8],
  [isEqual, arch.arm64, 0, 7],
  [load, at.number, 0, 0],
  [isEqual, fcntl.arm64, 0, 5],
  [load, at.command, 0, 0],
  [isEqual, lease.set, 0, 3],
  [load, at.argument, 0, 0],
  [isEqual, lease.read, 1, 0],
  [isEqual, lease.none, 0, 1],
  [giveBack, allow, 0, 0],
  [giveBack, deny, 0, 0],
];

/** The filter as bytes of struct sock_filter, little-endian as both architectures are. */
export function leaseFilter(): Uint8Array {
  const bytes = Buffer.alloc(lines.length * 8);
  for (const [index, [what, value, isTrue, isFalse]] of lines.entries()) {
    bytes.writeUInt16LE(what, index * 8);
    bytes.writeUInt8(isTrue, index * 8 + 2);
    bytes.writeUInt8(isFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
