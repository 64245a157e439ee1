/** What `systemd-analyze security` says of a unit. */

export interface Point {
  /** Its name for the directive or the part of one. */
  readonly field: string;
  readonly exposure: number;
}

export interface Measured {
  /** The unit's file. */
  readonly unit: string;
  /** Which instance, if there is more than one kind. */
  readonly kind: string;
  /** 0 to 10. */
  readonly exposure: number;
  readonly points: readonly Point[];
}

/** Agents' own units: what the issue bounds. */
export const agentUnits = ["con@.service", "con-upkeep@.service"];

export const mostForAgents = 2.5;
