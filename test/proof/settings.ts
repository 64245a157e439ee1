/** What `make proof` was asked for, read from the environment and refused where it makes no sense. Pure. */

export interface Settings {
  readonly parts: readonly string[];
  readonly scale: number;
  readonly seed: number;
}

export class BadSetting extends Error {}

/** `known` are the parts that there are; none named means all. `anySeed` is taken where none is given. */
export function readSettings(
  environment: NodeJS.ProcessEnv,
  known: readonly string[],
  anySeed: number,
): Settings {
  const named = words(environment["PARTS"]);
  const strange = named.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new BadSetting(`PARTS: ${strange}: no such part: take of: ${known.join(" ")}`);
  }
  const parts = named.length === 0 ? known : known.filter((name) => named.includes(name));
  return {
    parts,
    scale: number(
      environment,
      "SCALE",
      1,
      (value) => value > 0 && value <= 1,
      "above 0, at most 1",
    ),
    seed: number(environment, "SEED", anySeed, isSeed, "a whole number from 0 to 4294967295"),
  };
}

const isSeed = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;

const words = (text: string | undefined) => (text ?? "").split(/\s+/).filter((word) => word !== "");

function number(
  environment: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  fits: (value: number) => boolean,
  range: string,
): number {
  const text = (environment[name] ?? "").trim();
  const value = text === "" ? otherwise : Number(text);
  if (!fits(value)) throw new BadSetting(`${name}=${text}: out of range: ${range}`);
  return value;
}
