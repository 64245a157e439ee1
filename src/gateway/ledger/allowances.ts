/**
 * What people allowed a task to spend beyond the amount after which they are asked: so many further amounts of
 * that size. Durable when it returns; it only grows. What a runner says counts nowhere.
 */
import type Database from "better-sqlite3";
import type { Holder, HolderTotals, Unit } from "../budget.ts";

/** A holder's task, and what was allowed in which unit. */
export interface Allowance {
  readonly holder: Holder & { readonly task: string };
  readonly unit: Unit;
  readonly slices: number;
}

interface Key {
  readonly uid: number;
  readonly name: string;
  readonly task: string | null;
}

const find = `SELECT unit, slices FROM allowances
  WHERE uid = @uid AND agent = @name AND task = @task`;
const raise = `INSERT INTO allowances (uid, agent, task, unit, slices)
  VALUES (@uid, @name, @task, @unit, @slices)
  ON CONFLICT DO UPDATE SET slices = max(slices, excluded.slices) RETURNING slices`;

export function slicesReader(
  database: Database.Database,
): (holder: Holder) => HolderTotals["slices"] {
  const finding = database.prepare<[Key], { readonly unit: Unit; readonly slices: number }>(find);
  return ({ uid, name, task }) => {
    const rows = finding.all({ uid, name, task });
    const of = (unit: Unit): number => rows.find((row) => row.unit === unit)?.slices ?? 0;
    return { usd: of("usd"), tokens: of("tokens") };
  };
}

/** Sees to it that at least so many are allowed; returns how many are now. */
export function allower(database: Database.Database): (allowance: Allowance) => number {
  const raising = database.prepare<[Key & Omit<Allowance, "holder">], { slices: number }>(raise);
  return ({ holder: { uid, name, task }, unit, slices }) => {
    const row = raising.get({ uid, name, task, unit, slices });
    if (row === undefined) throw new Error("an allowance was not written");
    return row.slices;
  };
}
