/** What keys look like, and in which files to look for them. Pure; never gives back what it matched. */

const kinds: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  {
    name: "an AWS access key id",
    pattern: /(?<![A-Za-z0-9])A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])/,
  },
  { name: "a private key", pattern: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY/ },
  // With a digit: names that begin with sk- are common enough.
  { name: "an API key (sk-…)", pattern: /(?<![A-Za-z0-9_-])sk-(?=[\w-]{0,40}\d)[\w-]{20}/ },
  {
    name: "a GitHub token",
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20}|github_pat_\w{20})/,
  },
  { name: "a Slack token", pattern: /(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{10}/ },
];

/** The kind of the first thing in `text` that looks like a key, or null. */
export const looksSecret = (text: string): string | null =>
  kinds.find(({ pattern }) => pattern.test(text))?.name ?? null;

const extensions = new Set(
  (
    "txt text md json jsonl ndjson html htm xml svg csv tsv yaml yml toml ini conf cfg env properties " +
    "log sh bash py js mjs ts rb pl php go rs sql pem key crt task response"
  ).split(" "),
);
const wholeNames = /^(?:\.env.*|id_[a-z0-9]+|\.netrc|\.npmrc|\.pypirc|credentials)$/;

export function textual(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return wholeNames.test(name) || (dot > 0 && extensions.has(name.slice(dot + 1).toLowerCase()));
}
