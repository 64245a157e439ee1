/** What a text or bytes are known by, as small hexadecimal digits. */
import { createHash } from "node:crypto";

export const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");
