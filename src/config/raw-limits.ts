/** `limits` as manifests and role files write them, after their schemas held. Types only. */
export interface RawLimits {
  readonly memory?: string;
  readonly cpu?: string;
  readonly tasks?: number;
  readonly runtime?: string;
  readonly steps?: number;
  readonly review_every?: number;
  readonly ask_after?: number;
}
