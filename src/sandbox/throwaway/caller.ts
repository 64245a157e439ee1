/**
 * Who may have code run: the uid that PID 1 read from the connection's peer credentials and put into the instance's
 * name (systemd.socket(5), Accept=), against what bootstrap compiled of the manifests. Pure.
 */

/** SandboxRuntime of src/config/runtime.ts, as far as it matters here: config is not below this layer. */
interface Compiled {
  readonly version: 1;
  readonly callers: readonly { readonly uid: number }[];
}

/** `NUMBER-PID-UID`; null for anything else, e.g. a peer that was gone before it could be asked. */
export function uidOf(instance: string): number | null {
  const found = /^\d+-[\d_]+-(\d+)$/.exec(instance);
  return found === null ? null : Number(found[1]);
}

/** Why that uid may not, or null. Root may. */
export function refusalOf(uid: number | null, compiled: string | null): string | null {
  if (uid === null) return "nobody knows whose connection this is";
  if (uid === 0) return null;
  const isCaller = callersIn(compiled).some((caller) => caller.uid === uid);
  return isCaller ? null : `uid ${uid} may run no code: its manifest grants no tool that does`;
}

/** None where the file is missing or is none of ours. */
function callersIn(compiled: string | null): Compiled["callers"] {
  if (compiled === null) return [];
  try {
    const runtime = JSON.parse(compiled) as Compiled;
    return runtime.version === 1 && Array.isArray(runtime.callers) ? runtime.callers : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}
