/** How root has something done as an agent: by a process that has given up root and has the agent's rights only. Pure. */

/** `con` with these arguments. A session of its own has no terminal to write into. */
export const argvAs = (
  name: string,
  uid: number,
  args: readonly string[],
): readonly [string, ...string[]] => [
  "setsid",
  "setpriv",
  `--reuid=${uid}`,
  `--regid=a-${name}`,
  "--clear-groups",
  "--no-new-privs",
  "--bounding-set=-all",
  "--inh-caps=-all",
  "--",
  "/usr/bin/con",
  ...args,
];
