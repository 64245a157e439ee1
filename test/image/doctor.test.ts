/** con doctor in the booted system: groups, severities, and the command that mends what was broken. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

interface Check {
  readonly name: string;
  readonly group: string;
  readonly state: string;
  readonly severity: string;
  readonly found: string;
  readonly remedy: string;
}

let own: Reserved;
let container: Container;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
});
afterAll(() => own[Symbol.asyncDispose]());

async function doctor(...options: string[]): Promise<{ code: number; checks: Check[] }> {
  const { code, stdout } = await container.exec(["con", "doctor", "--json", ...options]);
  return { code, ...(JSON.parse(stdout) as { checks: Check[] }) };
}

async function finding(name: string): Promise<Check | undefined> {
  return (await doctor("--offline")).checks.find((check) => check.name === name);
}

test("a fresh machine is fit; every finding has a severity, and a remedy unless it is ok", async () => {
  const { code, checks } = await doctor();
  expect([code, checks.filter(({ state }) => state === "failure")]).toEqual([0, []]);
  const names = ["user namespaces", "seccomp", "landlock", "access lists", "nftables", "clock"];
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  for (const { severity, state, remedy, group } of checks) {
    expect(["machine", "installation"]).toContain(group);
    expect(severity === "ok").toBe(state === "ok");
    expect(remedy === "").toBe(state === "ok");
  }
  const { stdout } = await container.exec(["con", "doctor"]);
  expect(stdout).toMatch(/^machine\n {2}ok .*\ninstallation\n/s);
});

test("a GPU that was asked for and is not there is a failure", async () => {
  const { code, checks } = await doctor("--gpu");
  expect([code, checks.find(({ name }) => name === "gpu")?.severity]).toEqual([1, "high"]);
});

test("packet rules that are gone are critical, and its command mends them", async () => {
  await container.must(["nft", "delete", "table", "inet", "con"]);
  const rules = await finding("packet rules");
  expect(rules).toMatchObject({ severity: "critical", remedy: "con bootstrap" });
  await container.must((rules?.remedy ?? "").split(" "));
  expect(await finding("packet rules")).toMatchObject({ severity: "ok" });
});

test("a hold names who and why, escaped, with the command that ends it", async () => {
  const note = {
    version: 1,
    kind: "paused",
    at: "2027-01-01T00:00:00Z",
    by: { uid: 0, name: "root" },
    why: "looking \u001b[31minto it",
    incident: null,
  };
  const file = "/var/lib/con/holds/sysadmin.json";
  await container.must(["mkdir", "-p", "/var/lib/con/holds"]);
  await container.copyIn(file, JSON.stringify(note));
  expect(await finding("hold on agent sysadmin")).toMatchObject({
    severity: "medium",
    found: expect.stringContaining("paused by root"),
    remedy: "con agent resume sysadmin",
  });
  const { stdout } = await container.exec(["con", "doctor", "--offline"]);
  expect(stdout).not.toContain("\u001b");
  await container.must(["rm", file]);
});

test("a credential that cannot be decrypted is told, and no byte of one is shown", async () => {
  const providers = `providers:
  here: {base_url: "http://127.0.0.1:9/v1", credential: mine}
`;
  const file = "/etc/con/con.yaml";
  const before = await container.must(["cat", file]);
  await container.copyIn(file, before + providers);
  const secret = "a-key-that-nobody-sees-0123456789";
  await container.must(["con", "credential", "set", "mine"], { input: secret });
  expect(await finding("credential mine")).toMatchObject({ severity: "ok" });
  const { code, checks } = await doctor();
  expect(checks.find(({ name }) => name === "provider here")).toMatchObject({
    severity: "high",
    found: expect.stringContaining("ECONNREFUSED"),
  });
  expect(code).toBe(1);
  expect(JSON.stringify(checks)).not.toContain(secret);
  await container.copyIn("/etc/con/credentials/mine.cred", "nonsense", 0o600);
  expect(await finding("credential mine")).toMatchObject({
    severity: "high",
    remedy: "con credential set mine",
  });
});
