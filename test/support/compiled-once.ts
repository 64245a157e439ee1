/**
 * Compiles the schemas of the configuration once for a test file, and not for each configuration that it reads: 15 ms,
 * many thousand times. The validators themselves are the real ones.
 */
import { vi } from "vitest";

vi.mock("../../src/config/validate.ts", async (original) => {
  const real = await original<typeof import("../../src/config/validate.ts")>();
  let compiled: ReturnType<typeof real.createValidators> | null = null;
  const createValidators = () => {
    compiled ??= real.createValidators();
    return compiled;
  };
  return { ...real, createValidators };
});
