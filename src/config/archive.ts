/** How much of former versions and deleted files an agent keeps. Constants. */

const mebibyte = 2 ** 20;

export const defaultArchive = {
  versionBytes: 32 * mebibyte,
  versionsPerFile: 20,
  totalBytes: 1024 * mebibyte,
} as const;
