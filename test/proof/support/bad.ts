/** A part for the test of the runner: leaves a program behind and dies. */
import { spawn } from "node:child_process";
import type { Part } from "../part.ts";

export const part: Part = {
  name: "bad",
  claim: "never said",
  run: async ({ progress }) => {
    const left = spawn("sleep", ["600"], { stdio: "ignore" });
    progress(`left ${left.pid}`);
    throw new Error("the sky fell");
  },
};
