/**
 * A hostile agent inside its real unit, with the table of test/attack: from every vantage no attempt comes off,
 * each for a reason that is the defence's, and each does where that defence is not in its way.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempts } from "../attack/attempts.ts";
import { control, from, ownFiles } from "../attack/places.ts";
import { key, pidOf, sh, stage } from "../attack/stage.ts";
import { type Attempt, controlOf, orderOf, type Vantage, type World } from "../attack/table.ts";
import { prepare } from "../attack/targets.ts";
import type { Line, Order } from "../attack/types.ts";
import type { ScriptedModel } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let model: ScriptedModel;
let world: World;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  model = await stage(container);
  world = await prepare(container);
});
afterAll(() => own[Symbol.asyncDispose]());

/** Without the word `all` those that need no start of a unit that has had the same attempts in another. */
const isFull = process.env["CON_ATTACKS"] === "all";
const vantages: readonly Vantage[] = isFull
  ? ["shell", "server", "program", "code", "runner", "worker", "online", "granted", "outside"]
  : ["shell", "program", "code", "runner", "online", "outside"];

const granted: Order = {
  name: "control: the address that is granted",
  deed: "tcp",
  args: { host: "127.0.0.1", port: 7701 },
};

const there = (name: string): string => `control: ${name}`;

/** The attempts of a vantage, and after them the controls that are made from there. */
function ordersFor(vantage: Vantage, seen: World): Order[] {
  const chosen = attempts.filter((one) => one.from.includes(vantage));
  const controls = chosen
    .filter((one) => one.control.as === "there")
    .map((one) => ({ ...controlOf(one, seen), name: there(one.name) }));
  return [
    ...controls,
    ...(vantage === "online" ? [granted] : []),
    ...chosen.map((one) => orderOf(one, seen)),
  ];
}

const shown = (line: Line | undefined, name: string): string =>
  line === undefined
    ? `${name}: not tried`
    : `${name}: ${line.outcome} ${line.code} ${line.detail.slice(0, 200)}`;

const isBlocked = (line: Line | undefined, { refusals }: Attempt): boolean =>
  line?.outcome === "blocked" && refusals.includes(line.code);

describe("no attempt comes off", () => {
  test.each(vantages)("from %s", async (vantage) => {
    const lines = await from(vantage, container, model, world, (seen) => ordersFor(vantage, seen));
    const byName = new Map(lines.map((line) => [line.name, line]));
    const wrong = attempts
      .filter((one) => one.from.includes(vantage))
      .filter((one) => !isBlocked(byName.get(one.name), one))
      .map(({ name }) => shown(byName.get(name), name));
    const controls = ordersFor(vantage, {
      ...world,
      pids: { ...world.pids, "its own runner": 0 },
      at: { ...world.at, ...ownFiles(0) },
    })
      .filter(({ name }) => name.startsWith("control: "))
      .filter(({ name }) => byName.get(name)?.outcome !== "succeeded")
      .map(({ name }) => shown(byName.get(name), name));
    expect([...wrong, ...controls]).toEqual([]);
    // Refused by processes that are still the same.
    expect(await pidOf(container, "con-gateway.service")).toBe(world.pids["the gateway"]);
    expect(JSON.stringify(lines)).not.toContain(key);
  });
});

test("nothing is different from what was promised", async () => {
  // A machine with so few agents promises no bell; this one was a target.
  await container.must(["systemctl", "stop", "con-bell@loner.socket"]);
  const found = await container.exec(["con", "verify"]);
  expect(found.stdout).toBe("no drift\n");
  expect(await sh(container, "cat /srv/con/agents/colleague/workspace/open")).toContain("secret");
});

describe("the same attempts come off", () => {
  test.each(["user", "root"] as const)("as %s, where no defence is in the way", async (place) => {
    const own = await pidOf(container, "con-attack-listen.service");
    const seen = {
      ...world,
      pids: { ...world.pids, "its own runner": own },
      at: { ...world.at, ...ownFiles(own) },
    };
    const chosen = attempts.filter((one) => one.control.as === place);
    await container.must(["systemctl", "start", "con-bell@loner.socket"]);
    const lines = await control(
      place,
      container,
      chosen.map((one) => controlOf(one, seen)),
    );
    const byName = new Map(lines.map((line) => [line.name, line]));
    const wrong = chosen
      .filter(({ name }) => byName.get(name)?.outcome !== "succeeded")
      .map(({ name }) => shown(byName.get(name), name));
    expect(wrong).toEqual([]);
  });
});
