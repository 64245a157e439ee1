/** What it takes to lay down packages for forged tools: passed in, so that tests can break each part. Types only. */
import type { ForgePart } from "../../config/types.ts";
import type { ReadArchive } from "../../host/layers/archive.ts";
import type { LayerWorld } from "../../host/layers/lay.ts";
import type { LayerOrder } from "../../system/layers/order.ts";

export interface LayerPort extends Omit<LayerWorld, "disk" | "now"> {
  /** As root compiled it; null where con.yaml lists no packages. */
  readonly forge: () => ForgePart | null;
  /** Runs the installer for that order, and hands over what it made. Its files are gone when this returns. */
  readonly fetch: <T>(
    order: LayerOrder,
    use: (read: ReadArchive) => Promise<T>,
  ) => Promise<
    { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }
  >;
}
