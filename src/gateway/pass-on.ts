/**
 * Hands an upstream's answer on to the caller and notes what it used.
 *
 * Never: waits for ever for a caller that does not read (it would keep its place in the queue), or
 * holds an answer of any size in memory.
 */

import type { ServerResponse } from "node:http";
import { createSseParser, sseDone, sseEvent } from "../model/sse.ts";
import { reasonOf } from "../system/errors.ts";
import { jsonOrNull } from "../system/json.ts";
import { type Account, note } from "./account.ts";
import type { Reply } from "./upstream.ts";

export interface Passage {
  readonly reply: Reply;
  /** Who answers, for the text of an error. */
  readonly label: string;
  readonly account: Account;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** A caller that takes nothing for this long is gone. */
const callerPatienceMs = 60_000;
const maxWholeBytes = 64 << 20;

/** Everything but the end mark, which comes after our own event. Returns why it broke off, or null. */
export async function passOn(
  response: ServerResponse,
  { reply, label, account, signal }: Passage,
  patienceMs = callerPatienceMs,
): Promise<string | null> {
  const parse = createSseParser();
  const decoder = new TextDecoder();
  try {
    for await (const part of reply.body) {
      for (const payload of parse(decoder.decode(part, { stream: true }))) {
        if (payload === sseDone) continue;
        // What is not JSON is the caller's to judge; it tells us nothing about usage.
        note(account, jsonOrNull(payload));
        if (!response.write(sseEvent(payload))) await drained(response, signal, patienceMs);
      }
    }
  } catch (error) {
    account.abandoned = signal.aborted || error instanceof CallerGone;
    const why = reasonOf(error);
    return `${label} broke off: ${why}`;
  }
  return account.finished ? null : `${label} ended before the answer was whole`;
}

/** The answer's bytes, or why there is none that is whole. */
export async function readWhole({ reply, label, account }: Passage): Promise<Buffer | string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of reply.body) {
      length += part.length;
      if (length > maxWholeBytes) return `${label} sent more than ${maxWholeBytes} bytes`;
      parts.push(part);
    }
  } catch (error) {
    const why = reasonOf(error);
    return `${label} broke off: ${why}`;
  }
  const bytes = Buffer.concat(parts);
  const value = jsonOrNull(bytes);
  if (value === null) return `${label} sent something that is not JSON`;
  note(account, value);
  return bytes;
}

function drained(response: ServerResponse, signal: AbortSignal, patienceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onGone);
      response.removeListener("drain", onDrain);
      act();
    };
    const onDrain = (): void => settle(resolve);
    const onGone = (): void => settle(() => reject(new CallerGone("the caller has gone")));
    const onStall = (): void => settle(() => reject(new CallerGone("the caller does not read")));
    const timer = setTimeout(onStall, patienceMs);
    if (signal.aborted) return onGone();
    signal.addEventListener("abort", onGone, { once: true });
    response.once("drain", onDrain);
  });
}
