/** What the runner offers for making forged tools. Types only. */
import type { Registry } from "./registry.ts";
import type { Fits, ForgePackage } from "./types.ts";

/** What the runner gives to `forge_tool`. */
export interface ForgeDesk {
  readonly registry: Registry;
  readonly packages: readonly ForgePackage[];
  /** Compiles a JSON Schema whose maker is not trusted. */
  readonly fitting: (schema: unknown) => Promise<Fits>;
  /** Nobody else changes the registry meanwhile; null: somebody does, for too long. */
  readonly locked: <T>(act: () => T) => Promise<T | null>;
}
