/**
 * The shell text that runs a check inside its sandbox, and what its output means. Pure.
 *
 * The text is constant: what a contract says comes as arguments, a script and the mark on standard input.
 * Each part of the output ends with a line that begins with the mark, a random word that the check does not
 * know, so that nothing it prints can pass for a result. The work file lies in the sandbox's own /tmp.
 */

/** `$RESULT` of a test may be this long; more is an error, because a cut text proves nothing. */
export const resultBytes = 64 * 1024;
/** What is kept of standard error where `run` has a test. */
const complaintBytes = 4096;
const work = "/tmp/con-check";

export type Mode = "plain" | "script" | "capture" | "test";

export const wrapperText = `
IFS= read -r mark || exit 70
if [ "$1" = script ]; then { cat >${work} && chmod 700 ${work}; } || exit 70; fi
exec </dev/null 2>&1
say() { printf '\\n%s %s\\n' "$mark" "$*"; }
say begin
case $1 in
script) ${work}; say run "$?" ;;
plain) /bin/sh -c "$2"; say run "$?" ;;
*)
  /bin/sh -c "$2" >${work} 2>${work}.err; code=$?
  head -c ${complaintBytes} ${work}.err || exit 70
  RESULT=$(head -c ${resultBytes + 1} ${work}) || exit 70
  say run "$code"
  printf '%s' "$RESULT"
  say result
  if [ "\${#RESULT}" -gt ${resultBytes} ]; then say long
  elif [ "$1" = test ]; then
    export RESULT
    /bin/sh -c "$3"; say test "$?"
  fi ;;
esac
say end`;

export interface Said {
  /** The wrapper ran: what failed before it is the sandbox. */
  readonly begun: boolean;
  /** It ran to its end: all that it says is there. */
  readonly ended: boolean;
  readonly runCode: number | null;
  readonly testCode: number | null;
  /** Output of the program; with a test or pattern, only its errors. */
  readonly output: string;
  readonly result: string;
  /** The result is longer than it may be; what is here was cut. */
  readonly long: boolean;
  readonly testOutput: string;
}

/** `text` may lack its middle, where a check printed more than is kept. */
export function readWrapper(text: string, mark: string): Said {
  const parts = new Map<string, { readonly before: string; readonly code: number | null }>();
  let from = 0;
  for (const match of text.matchAll(new RegExp(`\n?${mark} ([a-z]+)(?: (\\d+))?\n`, "g"))) {
    const [whole, name = "", code] = match;
    const before = text.slice(from, match.index);
    parts.set(name, { before, code: code === undefined ? null : Number(code) });
    from = match.index + whole.length;
  }
  return {
    begun: parts.has("begin"),
    ended: parts.has("end"),
    runCode: parts.get("run")?.code ?? null,
    testCode: parts.get("test")?.code ?? null,
    output: parts.get("run")?.before ?? (parts.has("begin") ? text.slice(from) : ""),
    result: parts.get("result")?.before ?? "",
    long: parts.has("long"),
    testOutput: parts.get("test")?.before ?? "",
  };
}
