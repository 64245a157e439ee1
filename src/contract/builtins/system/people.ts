/** Names of users and groups, and `user_exists`. Reads the files that systemd-sysusers writes. */
import fs from "node:fs";
import type { BuiltinCheck } from "../../types.ts";
import { judge, textIn } from "../con/verdicts.ts";

export interface Names {
  readonly users: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, number>;
}

export const readNames = (etc = "/etc"): Names => ({
  users: table(`${etc}/passwd`),
  groups: table(`${etc}/group`),
});

/** name:x:id:… */
function table(path: string): ReadonlyMap<string, number> {
  const lines = fs.readFileSync(path, "utf8").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [name, , id] = line.split(":");
      return name && id ? [[name, Number(id)] as const] : [];
    }),
  );
}

/** The name of `id`, or the number itself. */
export const nameOf = (names: ReadonlyMap<string, number>, id: number): string =>
  [...names].find(([, one]) => one === id)?.[0] ?? String(id);

/** A number stands for itself. */
export function idOf(names: ReadonlyMap<string, number>, name: string): number | null {
  return names.get(name) ?? (/^\d+$/.test(name) ? Number(name) : null);
}

export const userExists =
  (read: () => Names): BuiltinCheck =>
  async (args) => {
    const name = textIn(args, "name");
    const uid = read().users.get(name);
    const remedy = "con bootstrap";
    if (uid === undefined)
      return judge([{ found: `there is no user ${name}`, key: `no user ${name}`, remedy }], "");
    const wanted = args["uid"];
    const found = `user ${name} has uid ${uid}`;
    if (wanted === undefined || wanted === uid) return judge([], found);
    return judge([{ found: `${found}, wanted ${String(wanted)}`, key: `uid of ${name}` }], "");
  };
