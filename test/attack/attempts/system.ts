/** Attempts at keys, records and files of the system. */
import { attempt, everywhere, type Group, inUnits, path } from "../table.ts";
import { each } from "./each.ts";

const secrets = { loses: "keys of providers", stops: "InaccessiblePaths; owner root, mode 0700" };
const records = { loses: "the record of what was done", stops: "owner; ProtectSystem=strict" };

export const systemGroup: Group = {
  title: "Keys, records and the system",
  attempts: [
    attempt({
      name: "read the configuration",
      loses: "who may do what",
      stops: "InaccessiblePaths",
      deed: "read",
      with: path("the configuration"),
    }),
    ...each("a sealed key", ["read"], secrets),
    ...each("the key that seals keys", ["read"], secrets),
    ...each("the gateway's credentials", ["list"], {
      loses: "keys of providers, in the clear",
      stops: "a mount that only the gateway's uid may enter",
    }),
    ...each("the ledger", ["read", "append"], { ...records, stops: "InaccessiblePaths; owner" }),
    ...each("the audit trail", ["read", "append"], records),
    ...each("the steward's record", ["read", "append"], records),
    ...each("the promise of the system", ["read", "append"], {
      loses: "what reapply brings back",
      stops: "owner root; ProtectSystem=strict",
    }),
    ...each("a request of root's", ["read", "append", "remove"], {
      loses: "what people ask of the steward",
      stops: "the requester's ownership; the sticky bit",
    }),
    ...each("the passwords", ["read", "append"], { loses: "accounts", stops: "owner; mode" }),
    ...each("the users", ["append"], { loses: "accounts", stops: "owner; ProtectSystem=strict" }),
    ...each("the programs of the system", ["create"], {
      loses: "the machine",
      stops: "owner; ProtectSystem=strict; a read-only /usr",
    }),
    ...each("the gateway's socket", ["remove"], {
      loses: "calls of all, to whoever listens then",
      stops: "owner root of /run/con",
    }),
    ...each("the directory of the journal", ["create"], {
      loses: "logs of all",
      stops: "owner; ProtectSystem=strict",
    }),
    ...each("memory that all share", ["create"], {
      loses: "the machine's memory; a way to agents that it may not task",
      stops: "InaccessiblePaths",
    }).map((one) => ({ ...one, from: inUnits.filter((from) => from !== "shell") })),
    ...each("a stranger's bell", ["append"], {
      loses: "the bounds of who may wake whom",
      stops: "access list of the bell",
    }),
    ...each("the journal", ["read", "append"], {
      loses: "logs of all",
      stops: "group systemd-journal; ProtectSystem=strict",
    }),
    ...each("a setting of the kernel", ["append"], {
      loses: "core_pattern and the like: root",
      stops: "ProtectKernelTunables; owner",
    }),
    attempt({
      name: "make all others wait for a file",
      loses: "everybody's time: who opens a leased file waits",
      stops: "no CAP_LEASE; a runner has it, and a filter that leaves read leases",
      deed: "lease",
      with: path("the description of the system"),
      from: everywhere,
    }),
    ...each("the pipe to process 1", ["append"], {
      loses: "the machine's runlevel",
      stops: "owner and mode",
    }),
  ],
};
