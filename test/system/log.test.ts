import { expect, test } from "vitest";
import { createLog, printable } from "../../src/system/log.ts";

test("a line drives no terminal, stays one line, and is shown in its own order", () => {
  const said = "a\u001b[31mb\rc\u009bd\ne\u202ef\u2066g\u061ch\u2028i";
  const shown = "a\\u001b[31mb\\u000dc\\u009bd\\u000ae\\u202ef\\u2066g\\u061ch\\u2028i";
  expect(printable(said)).toBe(shown);
  const lines: string[] = [];
  createLog((line) => lines.push(line)).warn(said);
  expect(lines).toEqual([`<4>${shown}\n`]);
});
