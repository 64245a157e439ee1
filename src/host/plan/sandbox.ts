/** Who may have code run in a throw-away sandbox, for the kernel and for the program that runs it. Pure. */
import type { SandboxRuntime } from "../../config/runtime.ts";
import { usesSandbox } from "../../config/sandbox-tools.ts";
import type { DirectoryFact } from "../facts.ts";
import * as paths from "../paths.ts";
import type { Views } from "./views.ts";

const callers = (views: Views): SandboxRuntime["callers"] =>
  views.all
    .filter(({ can }) => usesSandbox(can.tools))
    .map(({ uid, name }) => ({ uid, name }))
    .sort((a, b) => a.uid - b.uid);

export const compileSandbox = (views: Views): SandboxRuntime => ({
  version: 1,
  callers: callers(views),
});

export const sandboxDirectory = (views: Views): DirectoryFact =>
  entrance(paths.sandboxDirectory, callers(views));

/** To connect is to search the directory: nobody else gets as far as the socket in it. */
export const entrance = (
  path: string,
  entering: readonly { readonly uid: number }[],
): DirectoryFact => ({
  ...{ kind: "directory", path, uid: 0, gid: 0, mode: 0o700 },
  named: entering.map(({ uid }) => ({ tag: "user", id: uid, perms: 1 })),
  ...{ inherit: null, deep: false },
});
