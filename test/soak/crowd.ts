/** Who drops what in the flood: agents, users, and the shares of the senders. */
import type { Container } from "../image/support/container.ts";
import type { Drop } from "./account.ts";
import { inside, type Scene } from "./scene.ts";

export const agents = Array.from({ length: 20 }, (_, n) => `t-a${String(n).padStart(2, "0")}`);
/** Floods come in here. */
export const flooded = "t-a00";
/** Its user goes wild as a runner would that was taken over. */
export const wrecked = "t-a17";
/** Its tasks go wild in the sandbox. */
const wild = "t-a18";
/** Sends tasks to `flooded`, five in a task. */
export const spammer = "t-a19";
export const sendsPerTask = 5;

/** In group `trusted`; with a right to each inbox; and the same, with bad intent. */
const users = { trusted: "alice", granted: "trent", hostile: "mallory" } as const;
export const honest = ["root", users.trusted, users.granted];

function manifest(name: string): string {
  const may = [flooded, "t-a02"].filter((other) => other !== name).join(", ");
  return [
    `name: ${name}`,
    "tier: worker",
    "description: stands in a flood",
    `can: {tools: [shell, send_task], task: [${may}]}`,
    "",
  ].join("\n");
}

export async function prepareCrowd(container: Container): Promise<void> {
  for (const name of agents)
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, manifest(name));
  for (const user of Object.values(users))
    await container.must(["useradd", "--no-create-home", user]);
  await container.must(["usermod", "-aG", "trusted", users.trusted]);
}

/** After the first bootstrap, which makes the inboxes. */
export async function openInboxes(container: Container): Promise<void> {
  for (const user of [users.granted, users.hostile]) {
    const inboxes = agents.map((name) => `/srv/con/agents/${name}/inbox`);
    await container.must(["setfacl", "-m", `u:${user}:rwx`, ...inboxes]);
  }
}

interface Share {
  readonly user?: string;
  readonly prefix: string;
  readonly percent: number;
  readonly to: readonly string[];
  readonly kind?: "odd";
  readonly text?: string;
  /** Spread over time, as people are; others drop as fast as they can. */
  readonly gapMs?: number;
}

/** A flood as it may come from a sandbox; bounded, for the machine is shared. */
const wildCalls = [
  ["shell", { command: "for i in $(seq 200); do sleep 5 & done; echo $!; yes | head -c 9000000" }],
  ["shell", { command: "head -c 20000000 /dev/zero >big; for i in $(seq 500); do : >i$i; done" }],
];
const sends = Array.from({ length: sendsPerTask }, () => [
  "send_task",
  { agent: flooded, text: "hello" },
]);

const shares: readonly Share[] = [
  { user: users.hostile, prefix: "flood", percent: 35, to: [flooded] },
  { user: users.trusted, prefix: "alice", percent: 27, to: agents, gapMs: 2 },
  { user: users.granted, prefix: "trent", percent: 20, to: agents, gapMs: 2 },
  { prefix: "outer", percent: 6, to: [""], gapMs: 5 },
  { user: users.hostile, prefix: "odd", percent: 5, to: agents, kind: "odd" },
  { user: "a-t-a01", prefix: "peer", percent: 5, to: ["t-a02"] },
  { prefix: "spam", percent: 1.5, to: [spammer], text: JSON.stringify(sends) },
  { prefix: "wild", percent: 0.5, to: [wild], text: JSON.stringify(wildCalls) },
];

/** Each sender at work at once; what all of them dropped. */
export async function dropAll(scene: Scene, total: number): Promise<Drop[]> {
  const dropped = await Promise.all(shares.map((share) => dropShare(scene, share, total)));
  return dropped.flat().map((drop) => ({ ...drop, agent: drop.agent || scene.frontDesk }));
}

function dropShare(scene: Scene, share: Share, total: number): Promise<Drop[]> {
  const { user, prefix, percent, to, kind = "plain", text, gapMs = 0 } = share;
  const count = Math.max(1, Math.round((total * percent) / 100));
  const order = { prefix, count, agents: to, kind, gapMs, ...(text === undefined ? {} : { text }) };
  return inside<Drop[]>(scene, "sender", [JSON.stringify(order)], user);
}

/** Tasks with these ids. */
export async function dropAgain(
  scene: Scene,
  again: readonly { readonly agent: string; readonly key: string }[],
  who: "trusted" | "hostile",
): Promise<void> {
  const order = JSON.stringify({
    prefix: "",
    count: 0,
    agents: [],
    kind: "plain",
    gapMs: 0,
    again,
  });
  await inside(scene, "sender", [order], users[who]);
}
