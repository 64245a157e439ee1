/** Bytes of a page as text, as the HTML standard finds out how they are meant: BOM, header, meta. Pure. */

const boms: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xfe, 0xff], "utf-16be"],
  [[0xff, 0xfe], "utf-16le"],
];

/** As far as browsers look for a declaration. */
const prescan = 1024;

export function decodePage(bytes: Uint8Array, header: string | null): string {
  const bom = boms.find(([mark]) => mark.every((byte, index) => bytes[index] === byte));
  for (const label of [bom?.[1], header, declaredIn(bytes)]) {
    const decoder = label == null ? null : decoderOf(label);
    if (decoder !== null) return decoder.decode(bytes);
  }
  return isUtf8(bytes) ?? new TextDecoder("windows-1252").decode(bytes);
}

function declaredIn(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, prescan)).toString("latin1");
  const found =
    /<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w:.-]+)/i.exec(head)?.[1] ?? null;
  // A declaration that could be read as ASCII cannot be of these.
  return found !== null && /^utf-?16/i.test(found) ? "utf-8" : found;
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | null {
  try {
    return new TextDecoder(label);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

function isUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}
