/**
 * What `npm audit` says of the lock file. A registry that does not answer is a target missed: nobody knows then.
 * Never: a network of its own; npm asks as it is configured.
 */
import { spawnSync } from "node:child_process";
import type { PartResult } from "../proof/part.ts";
import { auditExceptions } from "./policy.ts";

interface Advisory {
  readonly url: string;
  readonly title: string;
  readonly severity: string;
}

interface Report {
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly via: readonly (string | Advisory)[] }>
  >;
  readonly message?: string;
}

export interface Asked {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function npmAudit(repository: string): Asked {
  const limit = { timeout: 300_000, maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr, error } = spawnSync("npm", ["audit", "--json"], {
    cwd: repository,
    encoding: "utf8",
    ...limit,
  });
  return { status, stdout: stdout ?? "", stderr: error?.message ?? stderr ?? "" };
}

export function audited(
  { status, stdout, stderr }: Asked,
  exceptions: Readonly<Record<string, string>> = auditExceptions,
): PartResult {
  const report = parsed(stdout);
  if (report?.vulnerabilities === undefined || status === null) {
    const lines = stderr.split("\n").filter((line) => line.startsWith("npm error"));
    const why = report?.message ?? lines[0] ?? `exit ${status}`;
    return {
      figures: [
        { what: "npm packages with an advisory", value: "not known", target: "0", ok: false },
      ],
      notes: [`npm audit got no answer, so nothing is known of advisories: ${withoutAddress(why)}`],
    };
  }
  const found = Object.entries(report.vulnerabilities).flatMap(([name, { via }]) =>
    via.flatMap((one) => (typeof one === "string" ? [] : [{ name, ...one }])),
  );
  const open = found.filter(({ url }) => exceptions[url] === undefined);
  return {
    figures: [
      { what: "advisories for npm packages", value: found.length, ok: true },
      {
        what: "of them neither mended nor explained",
        value: open.length,
        target: "0",
        ok: open.length === 0,
      },
    ],
    notes: found.map(
      ({ name, severity, title, url }) =>
        `${name}: ${severity}: ${title} (${url}): ${exceptions[url] ?? "not explained"}`,
    ),
  };
}

/** Null where it is no report. */
function parsed(text: string): Report | null {
  try {
    return JSON.parse(text) as Report;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Which registry this machine uses is nobody's business. */
const withoutAddress = (text: string): string => text.replaceAll(/https?:\/\/\S+/g, "the registry");
