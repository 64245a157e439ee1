/**
 * Entries of the journal with fields of their own: sd_journal_sendv(3), so that `journalctl CON_TASK=…` finds
 * them. Who wrote an entry says journald itself (`_UID`, `_SYSTEMD_UNIT`).
 *
 * Never: throws for a journal that is away or full; an entry is then missing there, and nothing else is.
 */

export type SendEntry = (fields: Readonly<Record<string, string>>) => void;

/** Null where there is no libsystemd. Field names are capitals, digits and `_`. */
export async function loadJournal(): Promise<SendEntry | null> {
  try {
    const { default: koffi } = await import("koffi");
    const iovec = koffi.struct({ base: "void *", length: "size_t" });
    const send = koffi
      .load("libsystemd.so.0")
      .func("sd_journal_sendv", "int", [koffi.pointer(iovec), "int"]);
    return (fields) => {
      const parts = Object.entries(fields).map(([name, value]) => Buffer.from(`${name}=${value}`));
      send(
        parts.map((part) => ({ base: part, length: part.length })),
        parts.length,
      );
    };
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/** The same for a short program, which loads the library only when there is something to say. */
export interface LateJournal {
  readonly send: SendEntry;
  /** All that was sent is in the journal. Call it before the program ends. */
  readonly end: () => Promise<void>;
}

export function lateJournal(load: () => Promise<SendEntry | null> = loadJournal): LateJournal {
  let sent: Promise<void> = Promise.resolve();
  let loaded: Promise<SendEntry | null> | null = null;
  return {
    send: (fields) => {
      loaded ??= load();
      const now = loaded;
      sent = sent.then(async () => (await now)?.(fields));
    },
    end: () => sent,
  };
}
