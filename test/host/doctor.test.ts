/** Parts of con doctor that need no machine: each seen good and bad, with a severity and a remedy. */
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Hold, noHolds } from "../../src/config/holds.ts";
import { bad, fine } from "../../src/host/doctor/check.ts";
import { judgeClock } from "../../src/host/doctor/clock.ts";
import { accessLists } from "../../src/host/doctor/features.ts";
import { checkGpu } from "../../src/host/doctor/gpu.ts";
import { checkHealth } from "../../src/host/doctor/health.ts";
import { checkHolds } from "../../src/host/doctor/holds.ts";
import { checkProviders } from "../../src/host/doctor/providers.ts";

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "con-doctor-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

test("the state follows from the severity", () => {
  const states = (["critical", "high", "medium", "low"] as const).map(
    (severity) => bad("x", "y", "z", severity).state,
  );
  expect(states).toEqual(["failure", "failure", "warning", "warning"]);
  expect(fine("x", "y")).toMatchObject({ state: "ok", severity: "ok", remedy: "" });
});

describe("clock", () => {
  const facts = { now: Date.parse("2027-01-02"), built: null, container: false, timedate: null };
  test.each([
    [{ timedate: "NTPSynchronized=yes\n" }, "ok"],
    [{ timedate: "NTP=yes\nNTPSynchronized=no\n" }, "medium"],
    [{ timedate: null }, "low"],
    [{ container: true, timedate: "NTPSynchronized=no\n" }, "ok"],
    [{ built: Date.parse("2027-02-01"), timedate: "NTPSynchronized=yes\n" }, "high"],
  ])("%j is %s", (change, severity) => {
    expect(judgeClock({ ...facts, ...change })).toMatchObject({ severity });
  });
});

describe("gpu", () => {
  test("none is fine unless one was asked for", () => {
    expect(checkGpu(false, directory)).toMatchObject({ severity: "ok", found: "none" });
    expect(checkGpu(true, directory)).toMatchObject({ severity: "high" });
    expect(checkGpu(false, directory, ["seer"])).toMatchObject({
      severity: "high",
      found: "none, for seer",
    });
    fs.writeFileSync(path.join(directory, "nvidia0"), "");
    expect(checkGpu(true, directory)).toMatchObject({ severity: "ok", found: "nvidia0" });
  });
});

describe("holds", () => {
  const hold: Hold = {
    version: 1,
    kind: "quarantined",
    at: "2027-01-01T00:00:00Z",
    by: { uid: 0, name: "root" },
    why: "it tried",
    incident: "inc-1",
  };
  test("each tells who, why and the exact command", () => {
    expect(checkHolds(noHolds)).toMatchObject([{ severity: "ok" }]);
    const agents = new Map([["bob", hold]]);
    const found = checkHolds({ agents, allWorkers: null, allAgents: { ...hold, kind: "halted" } });
    expect(found).toMatchObject([
      { name: "hold on all agents", remedy: "con resume", severity: "medium" },
      { name: "hold on agent bob", remedy: "con agent resume bob", severity: "high" },
    ]);
    expect(found[1]?.found).toBe(
      "quarantined by root since 2027-01-01T00:00:00Z: it tried (inc-1)",
    );
  });
});

describe("contracts", () => {
  const now = Date.parse("2027-01-01T00:01:00Z");
  const report = { at: "2027-01-01T00:00:00Z", interval_seconds: 60, ok: true };
  const counts = { pass: 9, fail: 0, error: 0, skipped: 1 };
  test.each([
    [null, "medium"],
    ["{", "medium"],
    [JSON.stringify({ ...report, counts }), "ok"],
    [JSON.stringify({ ...report, ok: false, counts: { ...counts, error: 1 } }), "high"],
    [JSON.stringify({ ...report, ok: false, counts }), "high"],
    [JSON.stringify({ ...report, at: "2026-12-31T00:00:00Z", counts }), "high"],
  ])("%s is %s", (text, severity) => {
    const file = path.join(directory, "latest.json");
    if (text !== null) fs.writeFileSync(file, text);
    expect(checkHealth(now, file)).toMatchObject({ severity });
  });
});

describe("providers", () => {
  const provider = (baseUrl: string) => ({ up: { baseUrl, credential: "secret" } });
  test("any answer is enough, no key is sent; nobody there is a failure", async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const server = http.createServer(({ headers }, response) => {
      seen.push(headers);
      response.writeHead(401).end();
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    const url = `http://127.0.0.1:${port}/v1`;
    expect(await checkProviders(provider(url), false)).toMatchObject([{ severity: "ok" }]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty("authorization");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const [gone] = await checkProviders(provider(url), false);
    expect(gone).toMatchObject({
      severity: "high",
      found: expect.stringContaining("ECONNREFUSED"),
    });
    expect(gone?.remedy).not.toBe("");
    expect(await checkProviders(provider(url), true)).toMatchObject([{ severity: "ok" }]);
  });
});

test("access lists are set, read back, and removed", () => {
  expect(accessLists(directory)).toMatchObject({ severity: "ok" });
  expect(fs.readdirSync(directory)).toEqual([]);
  expect(accessLists("/proc")).toMatchObject({ severity: "critical" });
});
