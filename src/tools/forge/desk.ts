/** What the runner offers for making forged tools. Types only. */
import type { Registry } from "./registry.ts";
import type { Fits, ForgePackage } from "./types.ts";

/** What the runner knows of layers. */
export interface LayerDesk {
  /** Digest of its layer; null where none is laid down. */
  readonly find: (entry: ForgePackage) => string | null;
  /** Whether that request came to nothing. */
  readonly hasFailed: (entry: ForgePackage, request: string) => boolean;
  /** People are asked before anything is installed. */
  readonly asksPeople: () => boolean;
}

/** What the runner gives to `forge_tool`. */
export interface ForgeDesk {
  readonly registry: Registry;
  readonly packages: readonly ForgePackage[];
  readonly layers: LayerDesk;
  /** Compiles a JSON Schema whose maker is not trusted. */
  readonly fitting: (schema: unknown) => Promise<Fits>;
  /** Nobody else changes the registry meanwhile; null: somebody does, for too long. */
  readonly locked: <T>(act: () => T) => Promise<T | null>;
}
