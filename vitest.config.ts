import { defineConfig } from "vitest/config";

/**
 * Two projects: `unit` needs nothing but this machine; `image` boots the real system once and shares
 * it, so its files run one after the other.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/image/**", "test/crash-long/**"],
          // Some start programs; a machine that is busy elsewhere must not fail them. A hang still ends.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "image",
          include: ["test/image/**/*.test.ts"],
          globalSetup: ["test/image/support/global-setup.ts"],
          fileParallelism: false,
          // Booting and building are part of these tests; a hang still ends.
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
