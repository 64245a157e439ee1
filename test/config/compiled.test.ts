import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSystem } from "../../src/config/compiled.ts";
import { ConError, exit } from "../../src/system/errors.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-compiled-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function failure(): ConError {
  try {
    readSystem(directory);
  } catch (error) {
    if (error instanceof ConError) return error;
    throw error;
  }
  throw new Error("it was read");
}

test("what bootstrap wrote is read back", () => {
  writeFileSync(join(directory, "system.json"), '{"version":1,"name":"x"}');
  expect(readSystem(directory).name).toBe("x");
});

test("a missing file says what to run", () => {
  expect(failure()).toMatchObject({
    code: exit.configuration,
    remedy: "run con bootstrap as root",
  });
});

test.each(["", "{", "[]", '{"version":2}'])("content %j is refused", (text) => {
  writeFileSync(join(directory, "system.json"), text);
  expect(failure().code).toBe(exit.configuration);
});
