/** Why a unit of con does without a directive that systemd would count: by unit, else for all of them. */

const general: readonly (readonly [RegExp, string])[] = [
  [
    /^SystemCallFilter_(resources|privileged)$/,
    "both are in @system-service; Node and the C library set limits and ask for identities, and what that is good for ends with the capabilities",
  ],
  [
    /^RootDirectoryOrRootImage$/,
    "it runs the programs of the machine's /usr; ProtectSystem and mounts take away what it need not see",
  ],
  [/^MemoryDenyWriteExecute$/, "Node's compiler writes the code that it runs"],
  [/^ProcSubset$/, "bubblewrap and Node read /proc/sys and /proc/meminfo"],
  [
    /^PrivateUsers$/,
    "it would hide the owners of files and the users of callers, which is what trust is computed from",
  ],
  [
    /^IPAddressDeny$/,
    "the packet rules of con decide by user and address; without a network there is nothing to deny, and it would load a program into the kernel at each start",
  ],
  [
    /^DeviceAllow$/,
    "what ProtectClock and PrivateDevices allow: null, zero, random and a look at the clock",
  ],
  [/^RestrictAddressFamilies_AF_UNIX$/, "the gateway, the steward and PID 1 are Unix sockets"],
];

const own: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  "con@.service": [
    [/^SystemCallFilter_mount$/, "bubblewrap mounts in a user namespace of its own"],
    [/^RestrictNamespaces_/, "bubblewrap makes one of each kind for every tool call"],
    [
      /^RestrictSUIDSGID$/,
      "answers openat2(2) with ENOSYS, which bubblewrap needs; /srv/con is nosuid",
    ],
    [
      /^(AmbientCapabilities|CapabilityBoundingSet_CAP_LEASE)$/,
      "CAP_LEASE says whether a dropped file is still open for writing; write leases are filtered out",
    ],
    [/^RestrictAddressFamilies_AF_NETLINK$/, "bubblewrap brings up its own loopback"],
    [
      /^(PrivateNetwork|RestrictAddressFamilies_AF_INET_INET6)$/,
      "the manifest grants addresses: the packet rules let this user reach those and nothing else",
    ],
  ],
  "con-browser@.service": [
    [
      /^SystemCallFilter_mount$/,
      "bubblewrap and Chromium's sandbox mount in namespaces of their own",
    ],
    [/^RestrictNamespaces_/, "bubblewrap and Chromium make one of each kind around a page"],
    [/^RestrictSUIDSGID$/, "answers openat2(2) with ENOSYS, which bubblewrap needs"],
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "to fetch pages is its work; packet rules of its user keep it from private addresses",
    ],
  ],
  "con-sandbox@.service": [
    [
      /^SystemCallFilter_mount$/,
      "the namespaces inside are made with it; nobody has a capability outside of them",
    ],
    [/^RestrictNamespaces_/, "the code runs in namespaces of its own inside"],
    [
      /^Protect(KernelTunables|ControlGroups)$/,
      "costs milliseconds of every run, for mounts that are not in its root",
    ],
    [/^UMask$/, "what it makes lies in memory that only this instance sees, for two users"],
  ],
  "con-layer@.service": [
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "to fetch packages is its work; packet rules of its user say where it may go",
    ],
    [
      /^UMask$/,
      "what it makes lies in memory that only this instance sees; root copies what comes out",
    ],
  ],
  "con-gateway.service": [
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "to call models is its work; AF_NETLINK is how the C library chooses addresses",
    ],
  ],
  "con-healthcheck.service": [
    [
      /^UserOrDynamicUser$/,
      "root without CAP_DAC_OVERRIDE: it looks into every queue and changes nothing",
    ],
    [/^SystemCallFilter_mount$/, "the sandbox of the contracts' shell checks"],
    [/^RestrictNamespaces_/, "the sandbox of the contracts' shell checks"],
    [/^RestrictSUIDSGID$/, "answers openat2(2) with ENOSYS, which bubblewrap needs"],
    [
      /^(PrivateDevices|DeviceAllow|ProtectHome|ProtectProc)$/,
      "contracts look at the machine as it is, read-only",
    ],
    [
      /^CapabilityBoundingSet_/,
      "DAC_READ_SEARCH looks into queues; SETUID, SETGID, SETPCAP and KILL make checks run as con-check and end; NET_ADMIN reads packet rules; SYS_PTRACE tells whose processes there are",
    ],
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "contracts ask whether addresses answer; nft speaks netlink",
    ],
    [/^UMask$/, "0027: the group of operators reads reports"],
  ],
  "con-steward.service": [
    [/^UserOrDynamicUser$/, "root with seven capabilities: it makes users, directories and units"],
    [
      /^CapabilityBoundingSet_/,
      "owners, modes and access lists of con's directories; the processes of who is quarantined; the packet rules",
    ],
    [/^RestrictSUIDSGID$/, "inboxes and outboxes are set-group-ID directories"],
    [/^ProtectProc$/, "it looks for processes of a quarantined agent"],
    [
      /^(PrivateDevices|DeviceAllow)$/,
      "it looks which graphics processors there are; DevicePolicy=closed keeps it from opening one",
    ],
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "the packet rules are the machine's own, and are told by netlink; host names of grants are looked up",
    ],
    [
      /^UMask$/,
      "drop-ins and compiled files are read by others; what is private has its mode from the start",
    ],
  ],
  "con-bootstrap.service": [
    [
      /^UserOrDynamicUser$/,
      "root with the steward's capabilities: it makes users, directories and units",
    ],
    [
      /^CapabilityBoundingSet_/,
      "owners, modes and access lists of con's directories; the packet rules",
    ],
    [/^RestrictSUIDSGID$/, "inboxes and outboxes are set-group-ID directories"],
    [/^(PrivateDevices|DeviceAllow)$/, "it looks which graphics processors there are"],
    [/^ProtectProc$/, "it remounts /srv/con in the mounts of PID 1"],
    [
      /^(PrivateNetwork|RestrictAddressFamilies_)/,
      "the packet rules are the machine's own, and are told by netlink; host names of grants are looked up",
    ],
    [
      /^UMask$/,
      "drop-ins and compiled files are read by others; what is private has its mode from the start",
    ],
  ],
  "con-sweep.service": [
    [/^UserOrDynamicUser$/, "root with one capability: every queue is looked into"],
    [/^CapabilityBoundingSet_/, "DAC_READ_SEARCH: it reads names and times in queues"],
  ],
  "con-schedule@.service": [
    [/^UserOrDynamicUser$/, "root, because the task is a person's word and its owner says so"],
    [/^CapabilityBoundingSet_/, "DAC_OVERRIDE: it enters the inbox, the only place it may write"],
  ],
  "con-upkeep.service": [
    [/^UserOrDynamicUser$/, "root without a capability: PID 1 starts units for no one else"],
  ],
  "con-expiry.service": [
    [
      /^UserOrDynamicUser$/,
      "root without a capability: the steward takes this word from no one else",
    ],
  ],
};

/** Null where nobody has said why. */
export function reasonFor(unit: string, field: string): string | null {
  const found = [...(own[unit] ?? []), ...general].find(([pattern]) => pattern.test(field));
  return found?.[1] ?? null;
}
