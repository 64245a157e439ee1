/** What the chain of actions keeps of a request and of what came of it. Pure. */
import type { Json } from "../system/chain/line.ts";
import type { ChainRecord } from "../system/chain.ts";
import { sha256 } from "../system/sha256.ts";
import type { Requester } from "./policy.ts";
import type { StewardRequest } from "./types.ts";
import type { Deed } from "./verb.ts";

/** Texts of a request lie in /etc/con once it is done; the chain says which they were. */
export const recorded = (request: StewardRequest): ChainRecord =>
  Object.fromEntries(
    Object.entries(request as unknown as ChainRecord).map(([key, value]) => [
      key,
      textKeys.includes(key) && typeof value === "string"
        ? digest(value)
        : key === "children" && Array.isArray(value)
          ? value.map(ordered)
          : key === "files" && Array.isArray(value)
            ? value.map(proposed)
            : value,
    ]),
  );

/** Goal and findings of a temporary agent lie in the steward's record of it as long as it lives. */
const ordered = (child: Json): Json =>
  typeof child !== "object" || child === null || Array.isArray(child)
    ? null
    : Object.fromEntries(
        Object.entries(child).map(([key, value]) => [
          key,
          ["goal", "findings"].includes(key) && typeof value === "string" ? digest(value) : value,
        ]),
      );

/** What a proposed text was lies with the proposal, once people agreed. */
const proposed = (file: Json): Json =>
  typeof file !== "object" || file === null || Array.isArray(file)
    ? null
    : Object.fromEntries(
        Object.entries(file).map(([key, value]) => [
          key,
          ["content", "old", "new", "append"].includes(key) && typeof value === "string"
            ? digest(value)
            : value,
        ]),
      );

const textKeys: readonly string[] = ["manifest", "instructions"];

const digest = (text: string) => ({
  bytes: Buffer.byteLength(text),
  sha256: sha256(text),
});

/** A line of the chain has an end; an answer may name every fact of a thousand agents. */
const recordedChanges = 200;

export const brief = (
  { verb }: Pick<StewardRequest, "verb">,
  { status, error, changes, undo }: Deed,
) => ({
  ...{ verb, status, error, undo },
  changes: changes.slice(0, recordedChanges).map((one) => one.slice(0, 500)),
  changes_left_out: Math.max(0, changes.length - recordedChanges),
});

export const who = ({ uid, name }: Requester) => ({ uid, name });
