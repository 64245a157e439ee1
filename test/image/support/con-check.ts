/**
 * Runs one built-in check of con inside a container by itself, without evaluator and timer: the bundled
 * driver with the check's name and arguments; its verdict comes back.
 */
import type { Verdict } from "../../../src/contract/types.ts";
import { putProgram } from "./bundle.ts";
import type { Container } from "./container.ts";

export type Ask = (name: string, args?: object) => Promise<Verdict>;

/** Puts the driver in place; the returned function asks one check. */
export async function putDriver(container: Container): Promise<Ask> {
  const program = await putProgram(container, "con-driver");
  return async (name, args = {}) => {
    const argv = [...program, "check", name, JSON.stringify(args)];
    return (JSON.parse(await container.must(argv)) as { verdict: Verdict }).verdict;
  };
}
