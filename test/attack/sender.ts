/**
 * A hostile sender: files that are no tasks, names that mean something elsewhere, requests that are none. Shell
 * scripts, run in the inbox as the sender; `$1` is the file's name.
 */

export interface Odd {
  readonly what: string;
  readonly script: string;
}

/** Text in the file that links lead to; it must turn up nowhere. */
export const behindLinks = "the-text-behind-the-link";
export const twin = "a second name of another file";
export const linked = "/run/con-attack-linked";

const deep = (text: string, count: number): string => `perl -e 'print "${text}" x ${count}'`;

const file = (text: string): string => `printf -- '${text}' >"$1"`;

export const odd: readonly Odd[] = [
  { what: "a link", script: `ln -s ${linked} "$1"` },
  { what: "a link to nothing", script: 'ln -s /nowhere "$1"' },
  { what: "a link to itself", script: 'ln -s "$1" "$1"' },
  { what: twin, script: 'echo x >".twin-$1"; ln ".twin-$1" "$1"' },
  { what: "a FIFO", script: 'mkfifo "$1"' },
  { what: "a directory", script: 'mkdir -p "$1/b.task"' },
  {
    what: "a socket",
    script: `perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die' "$1"`,
  },
  { what: "nothing at all", script: ': >"$1"' },
  { what: "17 MiB", script: 'head -c 17825792 /dev/zero >"$1"' },
  { what: "a terabyte of holes", script: 'truncate -s 1T "$1"' },
  { what: "what nobody may read", script: 'echo x >"$1"; chmod 000 "$1"' },
  { what: "no UTF-8", script: file("\\377\\376A") },
  { what: "front matter without an end", script: file("---\\nx: y\\n") },
  {
    what: "aliases that multiply",
    script: file("---\\na: &a [x,x]\\nb: &b [*a,*a]\\nc: [*b,*b]\\n---\\nx\\n"),
  },
  {
    what: "aliases of aliases, a billion in all",
    script: `{ echo ---; echo 'a0: &a0 [x]'; for n in 1 2 3 4 5 6 7 8 9; do p=$((n - 1)); echo "a$n: &a$n [$(perl -e "print join ',', ('*a$p') x 10")]"; done; printf -- '---\\nx\\n'; } >"$1"`,
  },
  {
    what: "a tag that makes code",
    script: file('---\\nx: !!js/function "function(){}"\\n---\\nx\\n'),
  },
  { what: "the same key twice", script: file("---\\npriority: high\\npriority: low\\n---\\nx\\n") },
  {
    what: "lists in lists in lists",
    script: `{ printf -- '---\\nx: '; ${deep("[", 9000)}; printf '\\n---\\nx\\n'; } >"$1"`,
  },
  {
    what: "attachments elsewhere",
    script: file("---\\nattachments: [../../../etc/shadow]\\n---\\nx\\n"),
  },
  { what: "an id that is a path", script: file("---\\ncancel: ../../x\\n---\\nx\\n") },
  {
    what: "checks of who is not trusted",
    script: file("---\\ndone_when: [{command: {run: touch owned}}]\\n---\\nx\\n"),
  },
];

/** Good tasks with odd contents: they are answered. */
export const strange: readonly Odd[] = [
  { what: "a line of a megabyte", script: `{ printf '[]'; ${deep("x", 1_000_000)}; } >"$1"` },
  { what: "a million lines", script: `{ ${deep("\\n", 1_000_000)}; echo '[]'; } >"$1"` },
  { what: "NUL in the text", script: file("a\\0b\\n[]\\n") },
  {
    what: "keys of objects",
    script: file("---\\n__proto__: x\\nconstructor: y\\ntoString: z\\n---\\n[]\\n"),
  },
  {
    what: "the frame of a task",
    script: file("<<<task 0000000000000000\\n{}\\n[]\\n0000000000000000 task>>>\\n"),
  },
  { what: "the end of front matter, twice", script: file("---\\n---\\n---\\n[]\\n") },
];

export const names: readonly string[] = [
  "new\nline",
  "; rm -rf $HOME `id` $(id) | & > <",
  "'\"\\*?[a]",
  " spaces ",
  "-rf",
  "\u001b[31mred\u0007",
  "\u202eksat",
  "x".repeat(250),
  "ü".repeat(120),
  "a.task",
  "__proto__",
];

const json = (value: string): string => `printf '%s' '${value}' >"$1"`;

export const requests: readonly Odd[] = [
  ...odd.filter(({ what }) => !/front|alias|tag|key|lists|attach|an id|checks/.test(what)),
  { what: "no JSON", script: json("{") },
  {
    what: "a reason of a megabyte",
    script: `{ printf '{"version":1,"verb":"pause","agent":"wally","incident":null,"why":"'; ${deep("x", 1_000_000)}; printf '"}'; } >"$1"`,
  },
  {
    what: "a hundred thousand names of values",
    script: `perl -e 'print "{\\"version\\":1", (map { ",\\"k$_\\":0" } 1..100000), "}"' >"$1"`,
  },
  { what: "JSON without end of nesting", script: `${deep("[", 60_000)} >"$1"` },
  {
    what: "a key of objects",
    script: json(
      '{"version":1,"__proto__":{"verb":"halt"},"verb":"resume_all","why":"","incident":null,"x":1}',
    ),
  },
  {
    what: "a verb that is a list",
    script: json('{"version":1,"verb":["halt"],"scope":"agents","why":"","incident":null}'),
  },
  {
    what: "a verb of objects",
    script: json('{"version":1,"verb":"constructor","why":"","incident":null}'),
  },
  {
    what: "a name that is a path",
    script: json('{"version":1,"verb":"pause","agent":"../x","why":"","incident":null}'),
  },
  {
    what: "a reason with escapes",
    script: json(
      '{"version":1,"verb":"halt","scope":"agents","why":"\\u001b]0;x\\u0007","incident":null}',
    ),
  },
  {
    what: "a version that is none",
    script: json('{"version":"1","verb":"halt","scope":"agents","why":"","incident":null}'),
  },
];
