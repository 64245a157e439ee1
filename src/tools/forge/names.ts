/** Names of forged tools, and what they must not be confused with. Pure. */

/** Small ASCII letters, digits and `_`: neither case nor Unicode nor `-` can make two names look like one. */
const pattern = /^[a-z][a-z0-9_]{0,47}$/;

export const isToolName = (name: string): boolean => pattern.test(name);

/** Names of JavaScript objects that would make a map lie. */
const reserved: ReadonlySet<string> = new Set(["constructor", "prototype", "current", "versions"]);

const squash = (name: string): string => name.replaceAll("_", "");

/** Why a tool may not have this name, or null. A tool may have the name that it has already. */
export function nameTrouble(name: string, taken: readonly string[]): string | null {
  if (!isToolName(name) || reserved.has(name))
    return "its name must be small letters, digits and _, begin with a letter, and have at most 48 characters";
  const near = taken.find((one) => one !== name && squash(one) === squash(name));
  return near === undefined
    ? null
    : `there is forged.${near}, which differs only by _: use that name, or another one`;
}

const plain = (purpose: string): string =>
  purpose
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .join(" ");

/** The tool of another name that is there for the same purpose. */
export const samePurpose = (
  { name, purpose }: { readonly name: string; readonly purpose: string },
  others: readonly { readonly name: string; readonly purpose: string }[],
): string | null =>
  others.find((other) => other.name !== name && plain(other.purpose) === plain(purpose))?.name ??
  null;
