/** An agent's queue on a disk in memory, at a standing clock, with tasks put straight into its folders. */
import { constants } from "node:fs";
import { type Place, pathIn } from "../../../src/spool/known.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { storeQueued } from "../../../src/spool/queued.ts";
import type { Post, SpoolWorld, TaskNews } from "../../../src/spool/world.ts";
import type { Disk } from "../../../src/system/disk.ts";
import { writeAll } from "../../../src/system/durable.ts";
import { encodeTask, requestOf } from "../../../src/task/codec.ts";
import type { Origin, Request, Sender, Task } from "../../../src/task/task.ts";
import { createLines, type Line } from "./fixture.ts";
import { MemoryDisk } from "./memory-disk.ts";

export const noon = Date.parse("2026-03-04T12:00:00.000Z");
export const minute = 60_000;
export const at = (ms: number): string => new Date(ms).toISOString();

export const idOf = (n: number): string =>
  `01890a5d-ac96-774b-bcce-b302${String(n).padStart(8, "0")}`;

export const root: Sender = { uid: 0, name: "root", agent: null };
export const ada: Sender = { uid: 1000, name: "ada", agent: null };
export const bob: Sender = { uid: 1001, name: "bob", agent: null };
export const helper: Sender = { uid: 2000, name: "helper", agent: "helper" };
export const other: Sender = { uid: 2001, name: "other", agent: "other" };

const people = [root, ada, bob, helper, other];

export const me = agentPaths("/r", "me");
export const helperInbox = agentPaths("/r", "helper").inbox;
const folders = [
  ...[me.inbox, me.outbox, me.processed, me.state, me.journal, helperInbox],
  ...[`${me.state}/attempts`, `${me.state}/sent`, ...Object.values(me.queue)],
];

export interface Desk {
  readonly memory: MemoryDisk;
  readonly disk: Disk;
  readonly world: SpoolWorld;
  readonly post: Post;
  readonly lines: Line[];
  readonly told: TaskNews[];
  readonly clock: { ms: number };
}

export function desk(overrides: Partial<SpoolWorld> = {}, about: Partial<Post> = {}): Desk {
  const memory = new MemoryDisk(folders, noon - minute);
  const disk = memory.disk();
  const { log, lines } = createLines();
  const told: TaskNews[] = [];
  const clock = { ms: noon };
  let made = 0;
  const world: SpoolWorld = {
    disk,
    now: () => clock.ms,
    randomBytes: (count) => new Uint8Array(count).fill(++made),
    log,
    senderOf: (uid) =>
      people.find((one) => one.uid === uid) ?? { uid, name: `uid-${uid}`, agent: null },
    mailboxOf: (agent) => (agent === "helper" ? { inbox: helperInbox, bell: null } : null),
    lease: () => Promise.resolve(null),
    loadYaml: () => Promise.reject(new Error("not needed")),
    progress: () => 0,
    told: (news) => void told.push(news),
    ...overrides,
  };
  const base = { name: "me", uid: 4711, paths: me, inboxes: [me.inbox] };
  const post: Post = { ...base, trustedUids: [], taskerUids: [], ...about };
  return { memory, disk, world, post, lines, told, clock };
}

/** Ada's task number `n`, unverified, unless it says otherwise. */
export const taskOf = (
  n: number,
  request: Partial<Request> = {},
  origin: Partial<Origin> = {},
): Task => ({
  id: idOf(n),
  ...{ from: ada, trust: "unverified", receivedAt: at(noon - minute), size: 0, ...origin },
  request: requestOf("work", request),
});

/** As if it had been claimed now and moved there. */
export function put({ world }: Desk, place: Place, task: Task): Task {
  const bytes = encodeTask(task.request, { endMarker: true });
  storeQueued(world, pathIn(me, place, task.id), task, bytes);
  return { ...task, size: bytes.length };
}

/** The places in which a task lies. */
export const places = ({ memory }: Desk, id: string): string[] =>
  Object.entries({ ...me.queue, processed: me.processed })
    .filter(([, path]) => memory.names(path).includes(`${id}.task`))
    .map(([name]) => name);

export const recordIn = ({ memory }: Desk, id: string): Record<string, unknown> | null =>
  JSON.parse(memory.text(`${me.outbox}/${id}.json`) ?? "null");

export const answerIn = ({ memory }: Desk, id: string): string | null =>
  memory.text(`${me.outbox}/${id}.response`);

/** Epoch milliseconds of the last change as the disk has it. */
export const timeOf = ({ disk }: Desk, path: string): number =>
  Number(disk.lstat(path).mtimeNs / 1_000_000n);

/** A file of anybody's, as it is. */
export function write({ disk }: Pick<Desk, "disk">, path: string, text: string | Uint8Array): void {
  const fd = disk.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  writeAll(disk, fd, Buffer.from(text));
  disk.close(fd);
}

/** The same disk, one of whose calls fails for paths that end so. */
export function failing(disk: Disk, call: keyof Disk, code: string, end = ""): Disk {
  const own = disk[call] as (path: unknown, ...rest: unknown[]) => unknown;
  const fail = (path: unknown, ...rest: unknown[]): unknown => {
    if (String(path).endsWith(end)) throw Object.assign(new Error(code), { code });
    return own(path, ...rest);
  };
  return { ...disk, [call]: fail };
}
