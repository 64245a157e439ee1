/** What pip is handed as a list of requirements: nothing in it but names, versions and digests. */
import { expect, test } from "vitest";
import { plainLock } from "../../src/installer/python.ts";

const line = `PyYAML==6.0.2 --hash=sha256:${"a".repeat(64)}`;

test("a lock as it is written is taken as it is", () => {
  const text = `${line}\nzope.interface==7.0rc1+l.1 --hash=sha256:${"0".repeat(64)}\n`;
  expect(plainLock(text)).toBe(text);
});

test.each([
  "--index-url http://evil/",
  `-e git+http://evil/ --hash=sha256:${"a".repeat(64)}`,
  `a @ http://evil/a.whl --hash=sha256:${"a".repeat(64)}`,
  `${line} --global-option=x`,
  `${line} \\`,
  "a==1",
  `a>=1 --hash=sha256:${"a".repeat(64)}`,
  `\u00e4==1 --hash=sha256:${"a".repeat(64)}`,
])("refused: %s", (odd) => {
  expect(() => plainLock(`${line}\n${odd}\n`)).toThrow("no line of a lock");
});
