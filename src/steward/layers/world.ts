/** What it takes to lay down packages for forged tools: passed in, so that tests can break each part. Types only. */
import type { ForgePart } from "../../config/types.ts";
import type { Installer } from "../../host/layers/fetch.ts";
import type { LayerWorld } from "../../host/layers/lay.ts";

export interface LayerPort extends Omit<LayerWorld, "disk" | "now"> {
  /** As root compiled it; null where con.yaml lists no packages. */
  readonly forge: () => ForgePart | null;
  /** Where records of what is being fetched lie; root's alone. */
  readonly orders: string;
  readonly installer: Installer;
}
