/** What has room in the table of contents, and whose comes first. */
import { expect, it } from "vitest";
import { readIndex, writeIndex } from "../../../src/runner/memory/index-file.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { bed } from "./world.ts";

const at = bed();

it("lets no number of strangers push out what trusted people told", () => {
  const strangers = Array.from({ length: 30 }, (_, n) => `uid-${1000 + n}`);
  const store = {
    principals: () => [...strangers, "trusted"],
    categories: ([owner]: readonly string[]) =>
      Array.from({ length: 200 }, (_, n) => ({
        ...{ name: `${owner} ${n}`, description: "", trust: "unverified" as const },
        ...{ count: 1, newest: 0 },
      })),
  };
  expect(writeIndex(nodeDisk, at.paths, store)).toBeNull();
  const owners = readIndex(nodeDisk, at.paths).map(({ owner }) => owner);
  expect(owners.filter((owner) => owner === "trusted")).toHaveLength(100);
  expect(owners).toHaveLength(1000);
});
