/**
 * Recognises "commission an agent called NAME that may …" and "retire agent NAME", and writes the manifest. Pure.
 *
 * What the sentence says is all that the agent gets. Never: guesses at a right; a part of the sentence that
 * is not understood makes the whole of it not understood, and the answer names that part.
 */

import { withoutAtEnd } from "../../task/trim.ts";
import type { Found } from "./rule.ts";
import { orderOf } from "./sentences.ts";

const head =
  /^(?:commission|create|add|make|set up)(?: me| us)? (?:an?|one|the)(?: new)?(?: (worker|operator|officer))? (?:agent|worker)(?: (?:called|named))? ["'`]?([A-Za-z0-9_./;:$|&<>\\-]{1,80})["'`]?/i;
const link =
  /^[\s,]*(?:(?:that|which|who|and|it)\s+)?(?:(?:may|can|should(?: be able to)?|is allowed to|must)\s+)?/i;

export function findCommission(text: string): Found | null {
  const order = orderOf(text);
  const found = head.exec(order?.text ?? "");
  if (order === null || found === null) return null;
  const [start, tier = "worker", said = ""] = found;
  // What ends a sentence is no part of a name.
  const name = withoutAtEnd(said, /[.;:]/);
  const wishes = wishesOf(withoutAtEnd(order.text.slice(start.length), /[\s.!]/));
  if ("strange" in wishes) return { name, ...wishes };
  return { name, manifest: manifest(name, tier.toLowerCase(), wishes) };
}

interface Wishes {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly task: readonly string[];
  readonly network: readonly string[];
  readonly shell: boolean;
  /** As they were said, for the description. */
  readonly words: string;
}

const nothing: Wishes = { read: [], write: [], task: [], network: [], shell: false, words: "" };
const separator =
  /\s*(?:,\s*(?:and\s+)?|;\s*|\s+and\s+)(?=(?:may|can|it|read|write|use|run|reach|connect|give|send|task)\b)/i;

function wishesOf(rest: string): Wishes | { readonly strange: string } {
  let wishes = { ...nothing, words: rest.replace(link, "").trim() };
  for (const part of rest.split(separator)) {
    const wish = part.replace(link, "").trim();
    if (wish === "") continue;
    const more = wishOf(wish);
    if (more === null) return { strange: wish };
    wishes = {
      ...wishes,
      read: [...wishes.read, ...(more.read ?? [])],
      write: [...wishes.write, ...(more.write ?? [])],
      task: [...wishes.task, ...(more.task ?? [])],
      network: [...wishes.network, ...(more.network ?? [])],
      shell: wishes.shell || more.shell === true,
    };
  }
  return wishes;
}

const readWrite =
  /^(read|write|read and write|write and read)(?: (?:files|reports|texts|notes))?(?: (?:to|from|in|into|and read|below))? (?:the )?(?:folder |directory )?["'`]?(\/?[A-Za-z0-9._@+/*-]+)["'`]?(?: folder| directory)?$/i;
const commands = /^(?:use the shell|use a shell|run (?:shell )?commands)$/i;
const reach = /^(?:reach|connect to) ["'`]?([A-Za-z0-9.*:[\]/-]+:\d{1,5})["'`]?$/i;
const tasks =
  /^(?:give tasks to|send tasks to|task) (?:the )?([a-z][a-z0-9-]{0,30}(?:(?:, | and )[a-z][a-z0-9-]{0,30})*)$/;

function wishOf(wish: string): Partial<Wishes> | null {
  if (commands.test(wish)) return { shell: true };
  const host = reach.exec(wish)?.[1];
  if (host !== undefined) return { network: [host] };
  const names = tasks.exec(wish)?.[1];
  if (names !== undefined) return { task: names.split(/, | and /) };
  const [, verb = "", place = ""] = readWrite.exec(wish) ?? [];
  const folder = verb === "" ? null : folderOf(place);
  if (folder === null) return null;
  return /write/i.test(verb) ? { write: [folder] } : { read: [folder] };
}

/** `artifacts`, `artifacts/x`, `logs` or a path below /srv/con. What may not be granted is for others to say. */
function folderOf(place: string): string | null {
  const bare = place.replace(/\/\**$/, "");
  if (bare.startsWith("/")) return bare === "" ? null : `${bare}/**`;
  return /^(?:artifacts|logs)(?:\/|$)/.test(bare) ? `/srv/con/${bare}/**` : null;
}

const files = ["read_file", "write_file", "edit_file", "list_files", "search_files"];

/** JSON texts are YAML texts, whatever they hold. */
function manifest(name: string, tier: string, wishes: Wishes): string {
  const { read, write, task, network, shell, words } = wishes;
  const list = (items: readonly string[]): string =>
    `[${items.map((one) => JSON.stringify(one)).join(", ")}]`;
  const tools = [
    ...(shell ? ["shell"] : []),
    ...files,
    ...(task.length > 0 ? ["send_task", "ask_agent"] : []),
    "reply",
    "agents",
  ];
  const description = words === "" ? "Does what it is asked" : `Made to ${words}`;
  return [
    `name: ${JSON.stringify(name)}`,
    `description: ${JSON.stringify(description.replace(/\s+/g, " ").slice(0, 400).toWellFormed())}`,
    `tier: ${tier}`,
    "can:",
    ...(task.length > 0 ? [`  task: ${list(task)}`] : []),
    ...(read.length > 0 ? [`  read: ${list(read)}`] : []),
    ...(write.length > 0 ? [`  write: ${list(write)}`] : []),
    ...(network.length > 0 ? [`  network: ${list(network)}`] : []),
    `  tools: ${list(tools)}`,
    "",
  ].join("\n");
}

const retirement =
  /^(?:retire|remove|decommission|delete)(?: the)? agent(?: called| named)? ["'`]?([a-z][a-z0-9-]{0,30})["'`]?[.!]?$/i;

export function findRetirement(text: string): Found | null {
  const name = retirement.exec(orderOf(text)?.text.trim() ?? "")?.[1];
  return name === undefined ? null : { agent: name.toLowerCase() };
}
