/** A part for the test of the runner: repeats what it was given. */
import { existsSync } from "node:fs";
import type { Part } from "../part.ts";

export const part: Part = {
  name: "good",
  claim: "the runner hands on what a part says",
  run: async ({ seed, scale, directory, progress }) => {
    progress("half | way");
    return {
      figures: [
        { what: "seed", value: seed },
        { what: "scale", value: scale, target: "0.5", ok: scale === 0.5 },
        { what: "directory", value: existsSync(directory) ? 1 : 0, target: "1", ok: true },
      ].map((figure) => ({ ok: true, ...figure })),
      notes: ["a <note>"],
    };
  },
};
