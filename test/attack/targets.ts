/**
 * What the hostile agent attempts. Everything is there to be reached, so that "no such file" from inside means
 * hidden.
 */
import type { Container } from "../image/support/container.ts";
import { agents, drop, pidOf, sh, there } from "./stage.ts";
import type { World } from "./table.ts";

const listeners = `
  const net = require("net"), dgram = require("dgram");
  const places = [["127.0.0.1", 7701], ["127.0.0.1", 7702], ["::1", 7702], ["169.254.169.254", 80],
    ["10.99.0.1", 7702], ["127.0.0.53", 53]];
  let waiting = places.length * 2 + 1;
  const ready = () => { waiting -= 1; if (waiting === 0) require("fs").writeFileSync("/run/con-attack/listening", ""); };
  for (const [host, port] of places) {
    net.createServer((socket) => socket.end()).listen(port, host, ready);
    const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.on("message", (text, from) => socket.send(text, from.port, from.address));
    socket.bind(port, host, ready);
  }
  net.createServer((socket) => socket.end()).listen("\\0con-attack", ready);`;

const prepareSystem = `
  mkdir -p /run/con-attack /run/con-attack/cover
  ip link set lo up
  for address in 169.254.169.254 10.99.0.1; do ip address add $address/32 dev lo; done
  mount -t tmpfs none /run/con-attack/cover
  cp /usr/bin/true /usr/local/bin/con-attack-suid
  cp /usr/bin/true /srv/con/artifacts/mallory/suid
  chmod 4755 /usr/local/bin/con-attack-suid /srv/con/artifacts/mallory/suid
  mkdir -p /srv/con/contracts /etc/con/contracts
  for name in bait bait-2; do echo 'of root' >${agents}/mallory/workspace/$name; done
  cp /etc/con/credentials/* ${agents}/mallory/workspace/
  chmod 644 ${agents}/mallory/workspace/*
  echo "a secret" >${agents}/colleague/workspace/open
  chmod 666 ${agents}/colleague/workspace/open
  echo waits >${agents}/loner/inbox/.waits
  echo '{}' >/srv/con/steward/inbox/.attack`;

/** Puts the targets in place and names them. The colleague is at work, and stays so, when it returns. */
export async function prepare(container: Container): Promise<World> {
  await sh(container, prepareSystem);
  const argv = ["/usr/bin/node", "-e", listeners];
  await container.must(["systemd-run", "--quiet", "--unit=con-attack-listen", ...argv]);
  await there(container, "/run/con-attack/listening");
  await drop(container, "colleague", "first", [["shell", { command: "true" }]]);
  const answer = await there(container, `${agents}/colleague/outbox/first*.response`);
  const hang = { command: "touch begun; sleep 600", timeout_seconds: 600 };
  await drop(container, "colleague", "second", [["shell", hang]]);
  await there(container, `${agents}/colleague/workspace/begun`);
  for (const name of ["waits", "control"])
    await drop(container, "colleague", name, [["shell", {}]]);
  // The first record of the steward's.
  await container.must(["con", "agent", "pause", "strategist"]);
  await container.must(["con", "agent", "resume", "strategist"]);
  await container.must(["systemctl", "start", "con-gateway.service", "con-bell@loner.socket"]);
  return {
    ...bases,
    at: await places(container, answer),
    pids: await pids(container),
    ids: await ids(container),
  };
}

const bases = {
  me: `${agents}/mallory`,
  colleague: `${agents}/colleague`,
  loner: `${agents}/loner`,
};

async function places(container: Container, answer: string): Promise<Record<string, string>> {
  const { colleague, loner, me } = bases;
  const processOf = Object.entries(await pids(container)).flatMap(([name, pid]) =>
    ["environ", "mem", "maps", "fd", "cwd"].map((file) => [
      `${file} of ${name}`,
      `/proc/${pid}/${file}`,
    ]),
  );
  const find = (glob: string): Promise<string> => there(container, glob);
  return {
    ...Object.fromEntries(processOf),
    "a file in a colleague's workspace": `${colleague}/workspace/open`,
    "a colleague's journal": await find(`${colleague}/state/journal/*.jsonl`),
    "a colleague's task at work": await find(`${colleague}/queue/active/*.task`),
    "a colleague's answer": answer,
    "a task that waits for a colleague": `${colleague}/inbox/waits.task`,
    "a task of the control": `${colleague}/inbox/control.task`,
    "an inbox that it may not task": `${loner}/inbox`,
    "a task that waits for a stranger": `${loner}/inbox/.waits`,
    "a file of root in its workspace": `${me}/workspace/bait`,
    "another file of root in its workspace": `${me}/workspace/bait-2`,
    "the units": "/etc/systemd/system",
    "the directory of manifests": "/etc/con/agents.d",
    "the directory of contracts": "/etc/con/contracts",
    "the directory of site contracts": "/srv/con/contracts",
    "the program of con": "/usr/lib/con/con.mjs",
    "the configuration": "/etc/con/con.yaml",
    "a sealed key": await find("/etc/con/credentials/*"),
    "a copy of a sealed key": `${me}/workspace/${(await find("/etc/con/credentials/*")).split("/").at(-1)}`,
    "the key that seals keys": "/var/lib/systemd/credential.secret",
    "the gateway's credentials": "/run/credentials/con-gateway.service",
    "the ledger": await find("/srv/con/logs/ledger/*.db"),
    "the audit trail": await find("/srv/con/logs/audit/agents/*.jsonl"),
    "the steward's record": "/srv/con/logs/audit/actions.jsonl",
    "the promise of the system": "/var/lib/con/snapshot.json",
    "a request of root's": "/srv/con/steward/inbox/.attack",
    "the passwords": "/etc/shadow",
    "the users": "/etc/passwd",
    "the programs of the system": "/usr/local/bin",
    "the gateway's socket": "/run/con/gateway.sock",
    "memory that all share": "/dev/shm",
    "a stranger's bell": "/run/con/bell/loner",
    "the description of the system": "/var/lib/con/compiled/system.json",
    "the journal": await find("/{var,run}/log/journal/*/system.journal"),
    "the directory of the journal": await find("/{var,run}/log/journal/*"),
    "a setting of the kernel": "/proc/sys/net/ipv4/ip_default_ttl",
    "the pipe to process 1": "/run/initctl",
    "the machine's control group": await find("/sys/fs/cgroup/{pids/,}cgroup.procs"),
    "the limit of processes": await limitOf(container, ["pids.max"]),
    "the limit of memory": await limitOf(container, ["memory.max", "memory.limit_in_bytes"]),
    "a set-uid program on its volume": "/srv/con/artifacts/mallory/suid",
    "a set-uid program elsewhere": "/usr/local/bin/con-attack-suid",
    "a cover of the control": "/run/con-attack/cover",
  };
}

async function limitOf(container: Container, names: readonly string[]): Promise<string> {
  const named = names.flatMap((name) => ["-o", "-name", name]).slice(1);
  const inUnit = ["-path", "*con@colleague.service/*"];
  const found = await container.must(["find", "/sys/fs/cgroup", ...inUnit, "(", ...named, ")"]);
  const [first = ""] = found.trim().split("\n");
  if (first === "") throw new Error(`${names.join(", ")}: this machine keeps no such limit`);
  return first;
}

const pids = async (container: Container): Promise<Record<string, number>> => ({
  "process 1": 1,
  "the gateway": await pidOf(container, "con-gateway.service"),
  "a colleague's runner": await pidOf(container, "con@colleague.service"),
});

const ids = async (container: Container): Promise<Record<string, number>> => ({
  colleague: Number(await container.must(["id", "-u", "a-colleague"])),
  trusted: Number(await sh(container, "getent group trusted | cut -d: -f3")),
});
