/** What a suite is: it measures in a booted container, or without one, and gives rows and curves. Types, and one helper. */
import type { Container } from "../test/image/support/container.ts";
import { median, spread } from "./numbers.ts";
import type { Row } from "./table.ts";

/** Both axes are logarithmic, so all numbers are above 0. */
export interface Curve {
  /** Of the file: `docs/performance-NAME.svg`. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly curves?: readonly Curve[];
}

interface Size {
  /** How often, where a suite has no other reason. */
  readonly runs: number;
  /** To see that it works, not how fast. */
  readonly isSmall: boolean;
}

export interface World extends Size {
  readonly container: Container;
  /** Runs a program of `bench/inside` in the container and gives back the JSON it prints. */
  readonly inside: (program: string, ...args: string[]) => Promise<unknown>;
}

interface About {
  /** What the reader must know to read its table. */
  readonly about: string;
}

/** In a container of its own, booted from the image of that profile. */
export interface BootedSuite extends About {
  readonly profile: "default" | "web";
  readonly measure: (world: World) => Promise<Measured>;
}

/** Needs no machine of its own. */
export interface BareSuite extends About {
  readonly profile: null;
  readonly measure: (size: Size) => Promise<Measured>;
}

export type Suite = BootedSuite | BareSuite;

/** Milliseconds as a row; against the median of a floor where there is one. */
export const timesRow = (
  figure: string,
  values: readonly number[],
  floor: number | null = null,
  target = "",
): Row => ({
  figure,
  measured: `${median(values).toFixed(1)} ms (${spread(values)})`,
  ratio: floor === null ? "" : (median(values) / floor).toFixed(2),
  target,
});
