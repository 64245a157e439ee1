/** How many bytes one request may bring in, over all its connections. */

export interface Meter {
  /** False once there were too many: the connection is to be cut. */
  readonly take: (bytes: number) => boolean;
  readonly isOver: () => boolean;
}

export function createMeter(most: number): Meter {
  let left = most;
  return {
    take(bytes) {
      left -= bytes;
      return left >= 0;
    },
    isOver: () => left < 0,
  };
}
