/** Attempts at files of other agents, and at an agent's own orders. */
import { at, attempt, everywhere, type Group } from "../table.ts";
import { each, privates } from "./each.ts";

const others: Group = {
  title: "Other agents' files",
  attempts: [
    ...each("a file in a colleague's workspace", ["read", "append"], {
      loses: "another agent's work",
      stops: "mode 0700 of the directory, although the file itself is open for all; mounts",
    }),
    ...each("a colleague's journal", ["read", "append"], privates),
    ...each("a colleague's task at work", ["read", "append"], privates),
    ...each("a colleague's answer", ["read", "append"], privates),
    ...each("a task that waits for a colleague", ["read", "append", "remove"], {
      loses: "what people wrote to a colleague; tasks",
      stops: "the sender's ownership; the sticky bit of the inbox",
    }),
    attempt({
      name: "replace a task that waits by a link",
      loses: "a task of root, and what the link names",
      stops: "the sticky bit of the inbox",
      deed: "replace by a link",
      from: everywhere,
      with: (world) => ({
        from: "/etc/shadow",
        to: at("a task that waits for a colleague")(world),
        directory: `${world.colleague}/inbox`,
      }),
      control: {
        with: (world) => ({
          from: "/etc/shadow",
          to: at("a task of the control")(world),
          directory: `${world.colleague}/inbox`,
        }),
      },
    }),
    ...each("an inbox that it may not task", ["list", "create"], {
      loses: "the bounds of who may task whom",
      stops: "access list of the inbox; mounts",
    }),
    ...each("a task that waits for a stranger", ["read", "remove"], privates),
    attempt({
      name: "move root's file into a colleague's inbox",
      loses: "root's word: the file would count as root's task",
      stops: "every inbox is a mount of its own",
      deed: "rename",
      from: ["shell", "runner"],
      with: (world) => ({
        from: at("a file of root in its workspace")(world),
        to: `${world.colleague}/inbox/.moved`,
      }),
      refusals: ["EXDEV", "ENOENT"],
      control: { as: "user" },
    }),
    attempt({
      name: "give root's file a second name in a colleague's inbox",
      loses: "root's word",
      stops: "mounts; protected_hardlinks",
      deed: "link",
      from: ["shell", "runner", "outside"],
      with: (world) => ({
        from: at("another file of root in its workspace")(world),
        to: `${world.colleague}/inbox/.linked`,
      }),
      refusals: ["EXDEV", "EPERM", "ENOENT"],
    }),
    attempt({
      name: "give a file to root",
      loses: "root's word",
      stops: "no CAP_CHOWN",
      deed: "give",
      from: everywhere,
      with: (world) => ({ directory: `${world.me}/workspace`, uid: 0 }),
      refusals: ["EPERM", "EINVAL", "ENOENT"],
    }),
    attempt({
      name: "give a file to a colleague",
      loses: "a colleague's word",
      stops: "no CAP_CHOWN",
      deed: "give",
      from: everywhere,
      with: (world) => ({ directory: `${world.me}/workspace`, uid: world.ids["colleague"] ?? -1 }),
      refusals: ["EPERM", "EINVAL", "ENOENT"],
    }),
    attempt({
      name: "open an inbox to everybody",
      loses: "the bounds of who may task whom",
      stops: "owner of the directory",
      deed: "mode",
      from: everywhere,
      with: (world) => ({ path: `${world.colleague}/inbox`, mode: 0o3777 }),
      control: { with: (world) => ({ path: `${world.colleague}/inbox`, mode: 0o3770 }) },
    }),
    attempt({
      name: "open a file by its handle",
      loses: "every file, whatever directory it lies in",
      stops: "no CAP_DAC_READ_SEARCH",
      deed: "handle",
      from: everywhere,
      with: (world) => ({ path: `${world.me}/workspace` }),
      refusals: ["EPERM", "ENOENT", "EOPNOTSUPP"],
    }),
  ],
};

/** What the runner keeps for the agent: its user's own, so that mounts alone stand before it. */
const kept = ["state", "state/journal", "queue/active", "queue/held", "processed", "inbox"].map(
  (place) =>
    attempt({
      name: `list its own ${place}`,
      loses: "what the runner remembers and decides by; the tasks of others",
      stops: "mounts of a tool call",
      deed: "list",
      with: ({ me }) => ({ path: `${me}/${place}` }),
      from: ["shell"],
      control: { as: "user" },
    }),
);

const forged = attempt({
  name: "create in its own forged tools",
  loses: "the tests that each forged tool has passed",
  stops: "mounts of a tool call",
  deed: "create",
  with: ({ me }) => ({ path: `${me}/tools` }),
  from: ["shell"],
  control: { as: "user" },
});

/** True in a shell that has more than its three. */
const hasMore = `for fd in /proc/$$/fd/*; do
  case "\${fd##*/}" in [0-2]) ;; *) [ -e "$fd" ] && exit 0;; esac; done; exit 1`;

const own: Group = {
  title: "Its own orders",
  attempts: [
    attempt({
      name: "write to its own instructions by a descriptor for reading",
      loses: "what people told it to be",
      stops: "owner root: opening once more asks once more",
      deed: "reopen",
      with: () => ({ path: "/var/lib/con/compiled/agents/mallory/AGENTS.md" }),
      from: everywhere,
    }),
    attempt({
      name: "find a descriptor that its starter left open",
      loses: "sockets and files of the runner, of bubblewrap, of process 1",
      stops: "descriptors are closed when a program is started",
      deed: "command",
      with: () => ({ script: hasMore }),
      refusals: ["exit 1"],
      control: {
        as: "there",
        with: () => ({ script: `exec 7</etc/passwd; ${hasMore}` }),
      },
    }),
    ...kept,
    forged,
    ...each("the units", ["create"], {
      loses: "every directive of its unit",
      stops: "owner root; ProtectSystem=strict",
    }),
    ...["manifests", "contracts", "site contracts"].flatMap((place) =>
      each(`the directory of ${place}`, ["create"], {
        loses: "who may do what; what is watched",
        stops: "owner root; InaccessiblePaths; ProtectSystem=strict",
      }),
    ),
    ...each("the program of con", ["append"], {
      loses: "every agent at once",
      stops: "owner root; ProtectSystem=strict",
    }),
  ],
};

export const fileGroups: readonly Group[] = [others, own];
