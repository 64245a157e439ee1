/** Who stopped an agent is on record for as long as it is stopped, also when somebody stops it harder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noMay } from "../../src/config/authority.ts";
import { refusalOf } from "../../src/steward/authority.ts";
import { holdAgent, holdsNow, releaseAgent } from "../../src/steward/hold.ts";
import type { Requester } from "../../src/steward/policy.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { agentRuntime } from "../support/agent-runtime.ts";
import { quickDisk } from "./mortal.ts";
import { about, makePlaces, makeWorld, newMachine } from "./support.ts";

const root: Requester = { uid: 0, name: "root", kind: "root" };
const desk: Requester = { uid: 20_000, name: "a-desk", kind: "agent" };

function worldOf(): StewardWorld {
  const places = makePlaces();
  mkdirSync(places.commissions);
  const may = { request: ["quarantine", "resume"], grant: { ...noMay.grant, task: ["*"] } };
  const runtime = () => agentRuntime({ name: "desk", may });
  return { ...makeWorld(places, newMachine(), { disk: quickDisk }), runtime };
}

const hold = (world: StewardWorld, by: Requester, verb: "pause" | "quarantine"): string =>
  holdAgent(world, "drone", verb === "pause" ? "paused" : "quarantined", {
    ...{ request: about(verb, "drone"), by },
  });

const resume = (world: StewardWorld) => refusalOf(world, desk, about("resume", "drone"));

test("an agent that quarantines what root paused does not let it go", () => {
  const world = worldOf();
  expect(hold(world, root, "pause")).toBe("drone is paused");
  expect(hold(world, desk, "quarantine")).toBe("drone is quarantined");
  expect(holdsNow(world).agents.get("drone")).toMatchObject({
    kind: "quarantined",
    by: { uid: 20_000, name: "a-desk" },
    over: { uid: 0, name: "root" },
  });
  expect(resume(world)).toContain("a-desk may not let drone go: root stopped it");
  releaseAgent(world, "drone");
  expect(hold(world, desk, "quarantine")).toBe("drone is quarantined");
  expect(resume(world)).toBeNull();
});

test("what it stopped itself before, or nobody did, it lets go", () => {
  const world = worldOf();
  hold(world, desk, "pause");
  hold(world, desk, "quarantine");
  expect(resume(world)).toBeNull();
  const free = worldOf();
  hold(free, desk, "quarantine");
  expect(holdsNow(free).agents.get("drone")).not.toHaveProperty("over");
});

test("a lighter hold takes the place of none", () => {
  const world = worldOf();
  hold(world, root, "quarantine");
  expect(hold(world, desk, "pause")).toBe("drone is quarantined already, by root");
  expect(resume(world)).toContain("root stopped it");
});

test("a note that is damaged stays whose it was taken for: root's", () => {
  const world = worldOf();
  writeFileSync(join(world.places.holds, "drone.json"), "{");
  hold(world, desk, "quarantine");
  expect(resume(world)).toContain("root stopped it");
});
