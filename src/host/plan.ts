/** World → desired facts, in an order in which they can be made. Pure: `con bootstrap` acts. */
import { mcpCredentials } from "../config/mcp.ts";
import type { Fact } from "./facts.ts";
import { browserFindings } from "./plan/browser.ts";
import { planDirectories } from "./plan/directories.ts";
import { planFiles } from "./plan/files.ts";
import { planGrants } from "./plan/grants.ts";
import { layerFindings } from "./plan/layers.ts";
import { planRules } from "./plan/rules.ts";
import { planUnits } from "./plan/units.ts";
import { viewsOf } from "./plan/views.ts";
import type { Finding, World } from "./world.ts";

export interface Plan {
  readonly facts: readonly Fact[];
  readonly findings: readonly Finding[];
}

/** What one extended attribute holds on ext4 with 4 KiB blocks; beyond it the kernel says ENOSPC. */
const maxNamedEntries = 480;

export function plan(world: World): Plan {
  const views = viewsOf(world);
  const rules = planRules(world, views);
  const directories = [...planDirectories(world, views), ...planGrants(world, views)];
  const facts: Fact[] = [
    ...directories.sort((a, b) => (a.path < b.path ? -1 : 1)),
    ...planFiles(world, views),
    ...(rules.text === null ? [] : [{ kind: "rules" as const, text: rules.text }]),
    ...planUnits(world, views),
  ];
  const crowded = directories.filter(({ named }) => named.length > maxNamedEntries);
  return {
    facts,
    findings: [
      ...rules.findings,
      ...crowded.map(tooCrowded),
      ...keys(world),
      ...browserFindings(world),
      ...layerFindings(world),
      ...mcpKeys(world),
    ],
  };
}

const tooCrowded = ({ path, named }: { path: string; named: readonly unknown[] }): Finding => ({
  what: path,
  why: `${named.length} agents are granted it, more than ${maxNamedEntries} that an ACL can hold`,
  remedy: "let fewer agents task this one directly, or grant a directory of their own",
});

const mcpKeys = ({ config, credentials }: World): Finding[] =>
  config.agents.flatMap((agent) =>
    mcpCredentials(agent)
      .filter((name) => !credentials.has(name))
      .map((name) => ({
        what: `MCP servers of ${agent.name}`,
        why: `there is no credential ${name}, so what needs it is not started`,
        remedy: `con credential set ${name}`,
      })),
  );

function keys(world: World): Finding[] {
  return Object.entries(world.config.providers).flatMap(([name, { credential }]) =>
    credential === null || world.credentials.has(credential)
      ? []
      : [
          {
            what: `provider ${name}`,
            why: `there is no credential ${credential}, so its models cannot be used`,
            remedy: `con credential set ${credential}`,
          },
        ],
  );
}
