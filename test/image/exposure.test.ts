/**
 * What systemd says of the exposure of our units as they are loaded, drop-ins of an agent included, is what
 * test/exposure/measured.json records. `-u` writes it anew.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Measured } from "../exposure/types.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();

const manifest = (name: string, can: readonly string[]): Promise<void> => {
  const lines = [
    `name: ${name}`,
    "tier: worker",
    "description: of a test",
    "can:",
    "  tools: [shell]",
  ];
  return container.copyIn(`/etc/con/agents.d/${name}.yaml`, [...lines, ...can, ""].join("\n"));
};

const agents = ["exposed", "connected"];

beforeAll(async () => {
  await manifest("exposed", []);
  await manifest("connected", ["  network: ['127.0.0.1:7001']"]);
  await container.must(["con", "bootstrap"]);
});

afterAll(async () => {
  await container.must(["rm", ...agents.map((name) => `/etc/con/agents.d/${name}.yaml`)]);
  await container.must(["con", "bootstrap", "--prune"]);
});

/** Which instances stand for a template. */
const instances: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "con@.service": [
    ["exposed", ""],
    ["connected", "with a network grant"],
  ],
};

async function measure(unit: string): Promise<Measured[]> {
  const kinds = instances[unit] ?? [["exposed", ""]];
  return Promise.all(
    kinds.map(async ([instance, kind]) => {
      const name = unit.replace("@.", `@${instance}.`);
      const rows = await container.must(["systemd-analyze", "security", "--json=short", name]);
      const points = (JSON.parse(rows) as Row[]).flatMap(pointOf).sort(byField);
      return { unit, kind, exposure: await overall(name), points };
    }),
  );
}

interface Row {
  readonly json_field: string;
  readonly exposure: string | null;
}

const pointOf = ({ json_field: field, exposure }: Row) =>
  Number(exposure ?? 0) === 0 ? [] : [{ field, exposure: Number(exposure) }];

const byField = (a: { field: string }, b: { field: string }) => (a.field < b.field ? -1 : 1);

async function overall(name: string): Promise<number> {
  const text = await container.must(["systemd-analyze", "security", "--no-pager", name]);
  return Number(/Overall exposure level for .*: ([\d.]+)/.exec(text)?.[1]);
}

test("the exposure of every unit is the recorded one", async () => {
  const list = await container.must(["ls", "/usr/lib/systemd/system"]);
  const services = list.split("\n").filter((name) => /^con(-.*)?@?\.service$/.test(name));
  const measured: Measured[] = [];
  for (const unit of services.sort()) measured.push(...(await measure(unit)));
  const recorded = join(import.meta.dirname, "../exposure/measured.json");
  await expect(`${JSON.stringify(measured, null, 2)}\n`).toMatchFileSnapshot(recorded);
});
