/** The little languages: names, grants, addresses, times, ids, patterns, and texts that are shown. */
import { isDeepStrictEqual } from "node:util";
import { decodePage } from "../../../src/browser/page/charset.ts";
import { safeJson, safeLine, safeText } from "../../../src/commands/shared/text.ts";
import {
  grantRoots,
  namePattern,
  parseDuration,
  parseGrant,
  parseInstant,
  parseMemory,
  parseNetworkTarget,
} from "../../../src/config/grammar.ts";
import { matches } from "../../../src/config/when.ts";
import { formatAcl, parseAcl } from "../../../src/host/acl-entries.ts";
import { parsePeople, trustedUids } from "../../../src/host/ids.ts";
import { isSafePath } from "../../../src/sandbox/throwaway/request.ts";
import { frame, unframe, unframeAnswer } from "../../../src/task/frame.ts";
import { isId } from "../../../src/task/id.ts";
import { behalfOf, isBehalf, principalOf } from "../../../src/task/principal.ts";
import { headOf } from "../../../src/task/text.ts";
import { plainName } from "../../../src/tools/web/keep.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";

const words: readonly string[] = [
  ...["/srv/con/artifacts/a/**", "/srv/con/artifacts/../x", "/srv/con/logs", "/etc", "desk-2"],
  ...["10.0.0.0/8:443", "[::1]:80", "[fe80::1/64]:80", "*:443", "example.org:443", "a..b:1"],
  ...["010.0.0.1:1", "90s", "30min", "2h", "25h", "512M", "2G", "0G", "9999999G", id, `a-${id}`],
  ...["2027-01-31T09:00:00Z", "2027-02-31T09:00:00+01:00", "user:0:rwx,mask::r-x", "u::rw-"],
  ...[
    "root:x:0:0::/:/bin/sh",
    "trusted:x:27:root,ann",
    "0".repeat(32),
    "/a/**",
    "*a*b*c",
    "..",
    "a/b",
  ],
  ...[
    "<meta charset=utf-16>",
    "<?xml encoding='koi8-r'?>",
    `<<<task ${"0".repeat(16)}\n{"id":"x"}\nt`,
  ],
  ...["uid-0", "moved-x", "uid-5-for-", "\u001b]0;x\u0007", "\u202eabc", "%n %i", "$(x)", "a b"],
];

const noControls = /^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$/;

/** What may stand in unit files, packet rules and paths as it is. */
function checkGrammar(text: string): boolean {
  const grant = parseGrant(text, grantRoots.read);
  if ("directory" in grant) {
    const { directory } = grant;
    demand(/^(\/[A-Za-z0-9._@+-]+)+$/.test(directory), `grants ${JSON.stringify(directory)}`);
    demand(!directory.split("/").includes(".."), `grants ${JSON.stringify(directory)}`);
  }
  const target = parseNetworkTarget(text);
  if (target !== null) {
    const { kind, host, port } = target;
    demand(/^[A-Za-z0-9.:/-]*$/.test(host) && port > 0 && port < 65_536, `allows ${text}`);
    const again = { any: "*", host, ipv4: host, ipv6: `[${host}]` }[kind];
    demand(isDeepStrictEqual(parseNetworkTarget(`${again}:${port}`), target), `another: ${text}`);
  }
  const [seconds, bytes, at] = [parseDuration(text), parseMemory(text), parseInstant(text)];
  demand(seconds === null || (seconds > 0 && seconds <= 86_400), "an odd duration");
  demand(bytes === null || Number.isSafeInteger(bytes), "an odd size");
  if (at !== null) demand(parseInstant(new Date(at).toISOString()) === at, "an odd time");
  return [target, seconds, bytes, at].some((one) => one !== null) || "directory" in grant;
}

function checkNames(text: string): boolean {
  if (isId(text)) demand(/^[\w.-]{1,255}$/.test(text) && !text.startsWith("."), "an odd id");
  if (namePattern.test(text)) demand(/^[a-z0-9-]+$/.test(text), "an odd name");
  demand(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(plainName(text)), "an odd file name");
  if (isSafePath(text))
    demand(!text.startsWith("/") && !text.split("/").includes(".."), "a way out");
  if (isBehalf(text)) demand(text.length === 32, "an odd label");
  const from = { uid: 7, name: text, agent: text };
  const request = { behalf: isBehalf(text) ? text : null } as never;
  const principal = principalOf({ id, trust: "unverified", from, request });
  demand(/^uid-7(-for-[0-9a-f]{32})?$/.test(principal), "a name became a principal");
  demand(isBehalf(behalfOf(text, text)), "its own label is none");
  return isId(text) || isBehalf(text) || isSafePath(text);
}

function checkShown(text: string): void {
  demand(noControls.test(safeLine(text)), "it drives a terminal (line)");
  demand(noControls.test(safeText(text).replace(/[\n\t]/g, "")), "it drives a terminal (text)");
  const json = safeJson({ [text]: text });
  demand(noControls.test(json.replaceAll("\n", "")), "it drives a terminal (JSON)");
  demand(isDeepStrictEqual(JSON.parse(json), { [text]: text }), "other JSON than it was");
  const nonce = "0123456789abcdef";
  const framed = { id, from: text, trust: "unverified", replyTo: null, text } as const;
  if (!text.includes(nonce))
    demand(isDeepStrictEqual(unframe(frame(framed, nonce)), framed), "a frame has no round trip");
  demand(Buffer.byteLength(headOf(text, 5)) <= 5, "a head that is longer");
}

/** Texts that somebody else wrote down in a form. */
function checkForms(text: string): void {
  try {
    const acl = parseAcl(text);
    demand(isDeepStrictEqual(parseAcl(formatAcl(acl)), acl), "an ACL has no round trip");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  trustedUids(parsePeople(text, text));
  const [glob = "", ...rest] = text.split("\n");
  const path = rest.join("\n");
  demand(
    matches(`${glob}*`, `${glob.replaceAll("*", "")}${path}`) || glob.includes("*"),
    "no match",
  );
}

function pieces(random: Random): Buffer {
  const count = 1 + random.int(random.chance(6) ? 5 : 1);
  const parts = Array.from({ length: count }, () => random.pick(words));
  return Buffer.from(parts.join(random.pick(["", "\n", ",", "/", ":", "-"])));
}

export const labels: Target = {
  name: "labels",
  open: () =>
    Promise.resolve({
      corpus: words.map((word) => Buffer.from(word)),
      generate: pieces,
      check: (input) => {
        const text = input.toString("utf8");
        checkShown(text);
        checkForms(text);
        unframe(text);
        unframeAnswer(text);
        decodePage(input, text.slice(0, 20));
        return [checkGrammar(text), checkNames(text)].some(Boolean);
      },
    }),
};
