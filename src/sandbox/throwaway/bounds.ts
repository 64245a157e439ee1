/** How much one run of untrusted code may be given, may take and may give back. Both ends hold to it. */

const kibibyte = 2 ** 10;
const mebibyte = 2 ** 20;

export const bounds = {
  timeoutSeconds: { default: 60, max: 600 },
  /** Of one process; units/con-sandbox@.service bounds all of them together, their files included. */
  memoryMb: { default: 512, min: 32, max: 1024 },
  headerBytes: mebibyte,
  codeBytes: mebibyte,
  /** All that goes in: code, standard input and files. */
  inputBytes: 64 * mebibyte,
  files: 256,
  arguments: 256,
  argumentBytes: 100 * kibibyte,
  layers: 8,
  outputs: 64,
  /** All declared files together. */
  outputBytes: 64 * mebibyte,
  pathBytes: 512,
  pathDepth: 16,
  /** Of standard output and of standard error: what lies between is left out. */
  headBytes: 512 * kibibyte,
  tailBytes: 128 * kibibyte,
  /** Processes and threads of the code. */
  processes: 64,
  /** Pseudo-terminals, of which the kernel has some thousand for the whole machine. */
  terminals: 16,
  /** Of /tmp; that of the working directory is in the unit. */
  scratchMb: 64,
} as const;

/** How long a caller may take to say what it wants, and to read what came of it. */
export const callerSeconds = 30;
