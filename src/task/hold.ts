/**
 * A task that waits: for what, until when, and what came of it. Pure values.
 *
 * A call of a tool, or the gate before it, may have no result yet. The task is then moved to
 * `queue/held` and costs nothing; what comes back for each call wakes it.
 */

/** What a tool or a gate says instead of a result. */
export interface Hold {
  /** Ids of tasks or requests; each is answered by a task whose `reply_to` names it. */
  readonly waitFor: readonly string[];
  /** Epoch milliseconds, after which the call ends without what did not come. */
  readonly until: number;
  /** For people: what is waited for. */
  readonly why: string;
  /** There only where people are asked, and nobody else: what they decide on. Their own word alone answers it. */
  readonly question?: string;
}

/** The hold of one call, e.g. `3-1`. */
export interface CallHold extends Hold {
  readonly call: string;
}

export interface HoldAnswer {
  /** The id that was waited for. */
  readonly to: string;
  /** Name of who answered, as the kernel told it. */
  readonly from: string;
  /** Id of the task that brought the answer. */
  readonly id: string;
  /** When it arrived, RFC 3339; absent where that is not known. */
  readonly at?: string;
  /** A trusted person's own word, as the kernel told it; absent for everybody else's. */
  readonly person?: true;
  /** Perhaps shortened; then it says where all of it lies. */
  readonly text: string;
}

/** A call whose waiting is over. */
export interface Woken {
  readonly call: string;
  readonly answers: readonly HoldAnswer[];
  /** Null when everything was answered, else why nothing more is waited for. */
  readonly over: string | null;
}
