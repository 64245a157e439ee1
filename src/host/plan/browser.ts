/**
 * What the browser of agents gets: its compiled file, its packet rules, its keys. Pure.
 *
 * Its own process refuses private addresses before it connects; here the kernel says the same, whatever that process
 * is made to do.
 */
import { parseNetworkTarget } from "../../config/grammar.ts";
import type { BrowserCaller, BrowserRuntime } from "../../config/runtime.ts";
import { engineTargets, webOf } from "../../config/web.ts";
import type { DirectoryFact } from "../facts.ts";
import { browserUser } from "../ids.ts";
import * as paths from "../paths.ts";
import type { Finding, Network, World } from "../world.ts";
import { publicRules, targetRules } from "./rule-parts.ts";
import { entrance } from "./sandbox.ts";
import type { Views } from "./views.ts";

const webTools: BrowserCaller["tools"] = ["fetch_webpage", "search_web"];

const callersIn = (views: Views): BrowserCaller[] =>
  views.all
    .map(({ name, uid, tier, can }): BrowserCaller => {
      return { name, uid, tier, tools: webTools.filter((tool) => can.tools.includes(tool)) };
    })
    .filter(({ tools }) => tools.length > 0);

/** Whoever may not use it takes none of its places either. */
export const browserDirectory = (views: Views): DirectoryFact =>
  entrance(
    paths.browserDirectory,
    callersIn(views).sort((a, b) => a.uid - b.uid),
  );

export function compileBrowser({ config, network }: World, views: Views): BrowserRuntime {
  const { allow, search } = webOf(config);
  return {
    version: 1,
    closed: network.usable ? null : `there are no packet rules here (${network.why})`,
    allow,
    search,
    callers: callersIn(views),
  };
}

/** Credentials of search engines that are stored: the browser gets them from systemd. */
export function browserCredentials({ config, credentials }: World): string[] {
  const wanted = new Set(webOf(config).search.map(({ credential }) => credential));
  return [...credentials].filter((name) => wanted.has(name)).sort();
}

/** The packet rules of one user of ours. */
export interface UserRules {
  readonly uid: number;
  readonly lines: readonly string[];
}

export function planBrowserRules(
  { config, people }: World,
  { addresses, resolvers }: Extract<Network, { usable: true }>,
): UserRules {
  const web = webOf(config);
  const excepted = [...web.allow, ...engineTargets(web)].flatMap(
    (text) => targetRules(parseNetworkTarget(text), addresses) ?? [],
  );
  return {
    uid: people.users.get(browserUser.name)?.uid ?? browserUser.id,
    lines: publicRules(excepted, resolvers),
  };
}

/** Names of `web` without an address, and engines without their key. */
export function browserFindings({ config, network, credentials }: World): Finding[] {
  const web = webOf(config);
  const unresolved = [...web.allow, ...engineTargets(web)].filter(
    (target) =>
      network.usable && targetRules(parseNetworkTarget(target), network.addresses) === null,
  );
  const keyless = web.search.filter(
    ({ credential }) => credential !== null && !credentials.has(credential),
  );
  return [
    ...unresolved.map((target) => ({
      what: `web ${target}`,
      why: "the name has no address now, so nothing private was opened for it",
      remedy: "check the name and the machine's DNS, then run con bootstrap",
    })),
    ...keyless.map(({ name, credential }) => ({
      what: `search engine ${name}`,
      why: `there is no credential ${credential}, so it cannot be asked`,
      remedy: `con credential set ${credential}`,
    })),
  ];
}
