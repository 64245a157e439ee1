/** `unit_active`, `unit_not_failed`: one question to PID 1 for all units of the check. Never: starts or loads a unit's program. */
import type { exec } from "../../../system/exec.ts";
import type { BuiltinCheck } from "../../types.ts";
import { judge, listIn, type Trouble, textIn, unable } from "../con/verdicts.ts";

interface Unit {
  readonly name: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly result: string;
}

const properties = "--property=Id,LoadState,ActiveState,SubState,Result";

export const unitActive =
  (run: typeof exec): BuiltinCheck =>
  async (args) => {
    const names = typeof args["unit"] === "string" ? [textIn(args, "unit")] : listIn(args, "unit");
    const answer = await run(["systemctl", "show", properties, "--", ...names]);
    if (answer.code !== 0)
      return unable(`systemd does not answer: ${answer.stderr.trim().split("\n")[0] ?? ""}`);
    const units = readUnits(answer.stdout, names);
    if (units === null) return unable("systemd did not answer for every unit");
    return judge(units.flatMap(troubleOf), `active: ${names.join(", ")}`);
  };

/** One block per unit, in the order asked for; `Id` differs from the name asked for where that is an alias. */
function readUnits(text: string, names: readonly string[]): Unit[] | null {
  const blocks = text.trim().split("\n\n");
  if (blocks.length !== names.length) return null;
  return blocks.map((block, n) => {
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(block)?.[1] ?? "";
    return {
      name: names[n] ?? "",
      load: value("LoadState"),
      active: value("ActiveState"),
      sub: value("SubState"),
      result: value("Result"),
    };
  });
}

/** A unit that PID 1 is just loading anew, as a gateway that got a new key, is not down. */
const fine: ReadonlySet<string> = new Set(["active", "reloading", "refreshing"]);

function troubleOf({ name, load, active, sub, result }: Unit): Trouble[] {
  if (fine.has(active)) return [];
  if (load === "not-found" || load === "masked" || load === "bad-setting" || load === "error") {
    const remedy = load === "masked" ? `systemctl unmask ${name}` : "con bootstrap";
    return [{ found: `${name} is ${load}`, key: `${name} ${load}`, remedy }];
  }
  const why = result === "" || result === "success" ? sub : `${sub}, ${result}`;
  const again = active === "failed" ? `systemctl restart ${name}` : `systemctl start ${name}`;
  return [
    {
      found: `${name} is ${active} (${why}), wanted active`,
      key: `${name} ${active} ${result}`,
      remedy: `journalctl -u ${name} -n 20 says why; then ${again}`,
    },
  ];
}

/** Of many failed units, so many are named. */
const mostNamed = 50;

/** For units that run and end, e.g. by a timer; `*` in a name stands for anything. */
export const unitNotFailed =
  (run: typeof exec): BuiltinCheck =>
  async (args) => {
    const names = typeof args["unit"] === "string" ? [textIn(args, "unit")] : listIn(args, "unit");
    const how = ["--state=failed", "--all", "--plain", "--no-legend", "--full", "--no-pager"];
    const answer = await run(["systemctl", "list-units", ...how, "--", ...names]);
    if (answer.code !== 0)
      return unable(`systemd does not answer: ${answer.stderr.trim().split("\n")[0] ?? ""}`);
    const failed = answer.stdout.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []);
    const troubles = failed.slice(0, mostNamed).map((name): Trouble => {
      const remedy = `journalctl -u ${name} -n 20 says why; then systemctl start ${name}`;
      return { found: `${name} has failed`, key: `${name} failed`, remedy };
    });
    return judge(troubles, `not failed: ${names.join(", ")}`);
  };
