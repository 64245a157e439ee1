/** What `systemctl show` prints. Pure. */

export type Properties = Readonly<Record<string, string>>;

/** Blocks of `Key=value` lines, one per unit, by unit name; `Id` has to be among the properties. */
export function parseProperties(text: string): ReadonlyMap<string, Properties> {
  const units = new Map<string, Properties>();
  for (const block of text.split(/\n\n+/)) {
    const pairs = block.split("\n").flatMap((line): [string, string][] => {
      const equals = line.indexOf("=");
      return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)]] : [];
    });
    const values = Object.fromEntries(pairs);
    const id = values["Id"];
    if (id !== undefined) units.set(id, values);
  }
  return units;
}
