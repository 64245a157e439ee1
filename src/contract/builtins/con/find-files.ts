/**
 * Files of a kind in trees that agents write, by find(1): it walks by descriptors, follows no link, stays on
 * the file system, and runs apart from us, so that a million files cost us nothing but its deadline.
 */
import { lstatSync } from "node:fs";
import type { Places } from "./places.ts";

const timeoutMs = 20_000;
const mostBytes = 1 << 20;

/** Paths, or why they are not known. Roots that do not exist have none. */
export async function findFiles(
  { exec }: Pick<Places, "exec">,
  roots: readonly string[],
  tests: readonly string[],
): Promise<readonly string[] | string> {
  const there = roots.filter((root) => lstatSync(root, { throwIfNoEntry: false }) !== undefined);
  if (there.length === 0) return [];
  const argv = ["find", "-P", ...there, "-xdev", ...tests, "-printf", "%p\\0"] as const;
  const result = await exec(argv, { timeoutMs, maxBytes: mostBytes });
  if (result.timedOut) return `not looked through within ${timeoutMs / 1000} s`;
  if (result.code === 127) return "find(1) is not installed";
  if (result.stdout.length >= mostBytes) return "more is found than can be told";
  const paths = result.stdout.split("\0").filter((path) => path !== "");
  // What vanished meanwhile makes find end with 1; so does what it may not enter.
  const denied = result.stderr.split("\n").some((line) => line.endsWith("Permission denied"));
  return denied ? "not all could be looked at" : paths;
}
