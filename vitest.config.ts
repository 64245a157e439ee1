import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const cores = availableParallelism();

/** Booting and building are part of these tests; a hang still ends. */
const patience = { testTimeout: 120_000, hookTimeout: 300_000 };

/**
 * Three projects, one after the other: `unit` needs nothing but this machine; `image` boots the real system, for most
 * files one of their own, and runs some side by side; `alone` has what takes all that the containers of a machine share.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/image/**", "test/crash-long/**"],
          setupFiles: ["test/support/compiled-once.ts"],
          // Some hundred processes are started, of few programs: compiled once.
          env: { NODE_COMPILE_CACHE: resolve("node_modules/.cache/con-tests") },
          maxWorkers: cores,
          // Some start programs; a machine that is busy elsewhere must not fail them. A hang still ends.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "image",
          include: ["test/image/*.test.ts"],
          globalSetup: ["test/image/support/global-setup.ts"],
          // They wait more than they work.
          maxWorkers: Math.max(2, Math.min(cores, 4)),
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        test: {
          name: "alone",
          include: ["test/image/alone/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
    ],
  },
});
