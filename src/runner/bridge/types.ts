/** What the bridge tells about the calls that went over it. Types only. */
import type { ModelUsage } from "../../tools/result.ts";

/** A call that may succeed later. */
export interface Refusal {
  readonly message: string;
  /** Epoch milliseconds, where the gateway names a time. */
  readonly notBefore: number | null;
}

export interface BridgeCall {
  readonly model: string;
  readonly usage: ModelUsage;
}
