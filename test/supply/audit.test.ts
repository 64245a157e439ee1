import { expect, test } from "vitest";
import { audited } from "./audit.ts";

const advisory = { url: "https://example.org/a", title: "t", severity: "high" };
const report = (via: readonly unknown[]) => JSON.stringify({ vulnerabilities: { x: { via } } });
const ok = (asked: { status?: number | null; stdout: string; stderr?: string }, exceptions = {}) =>
  audited({ status: 0, stderr: "", ...asked }, exceptions).figures.every((figure) => figure.ok);

test("an advisory counts until it is explained", () => {
  expect(ok({ stdout: report([]) })).toBe(true);
  expect(ok({ stdout: report([advisory]), status: 1 })).toBe(false);
  expect(ok({ stdout: report([advisory, "y"]), status: 1 }, { [advisory.url]: "why" })).toBe(true);
});

test("no answer is no good answer, and tells no address", () => {
  const message = "405 Method Not Allowed - POST https://example.org/audit";
  expect(ok({ stdout: JSON.stringify({ message }), status: 1 })).toBe(false);
  expect(ok({ stdout: "", status: 1, stderr: "npm error ENOTFOUND" })).toBe(false);
  expect(ok({ stdout: report([]), status: null })).toBe(false);
  const { notes } = audited({ status: 1, stdout: JSON.stringify({ message }), stderr: "" }, {});
  expect(notes[0]).toContain("405");
  expect(notes[0]).not.toContain("example.org");
});
