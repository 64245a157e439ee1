/**
 * Runs the installer (units/con-layer@.service) for one order and hands its archive to whoever reads it.
 *
 * Never: waits without bound, or believes the installer: what it wrote lies in root's own directory, under names that root
 * chose. After a crash an order may be left over; the next one removes it.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { namesIn } from "../../system/disk.ts";
import { exec } from "../../system/exec.ts";
import { layerKey } from "../../system/layers/names.ts";
import type { LayerOrder } from "../../system/layers/order.ts";
import { layerOrders } from "../paths.ts";
import type { ReadArchive } from "./archive.ts";

/** Longer than the unit may run. */
const patienceMs = 300_000;
const maxWords = 2000;

type Fetched<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export async function fetchLayer<T>(
  order: LayerOrder,
  use: (read: ReadArchive) => Promise<T>,
): Promise<Fetched<T>> {
  const key = layerKey(order);
  const unit = `con-layer@${key}.service`;
  const place = (suffix: string): string => join(layerOrders, `${key}.${suffix}`);
  // One that a crash of the steward left at work.
  await exec(["systemctl", "stop", "--", unit]);
  clear();
  try {
    fs.writeFileSync(place("json"), JSON.stringify(order), { flag: "wx", mode: 0o600 });
    for (const suffix of ["tar", "err"]) fs.writeFileSync(place(suffix), "", { mode: 0o600 });
    const ran = await exec(["systemctl", "start", "--wait", "--", unit], { timeoutMs: patienceMs });
    if (ran.code === 0) return { ok: true, value: await withArchive(place("tar"), use) };
    const own = wordsIn(place("err"));
    const why = own === "" ? `it was stopped (${ran.stderr.trim() || "time or memory"})` : own;
    return { ok: false, why };
  } finally {
    await exec(["systemctl", "stop", "--", unit]);
    clear();
  }
}

function clear(): void {
  for (const name of namesIn(layerOrders)) fs.rmSync(join(layerOrders, name), { force: true });
}

function wordsIn(path: string): string {
  const fd = fs.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.alloc(maxWords);
    const got = fs.readSync(fd, bytes, 0, maxWords, 0);
    const text = bytes.toString("utf8", 0, got);
    return text
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .trim()
      .toWellFormed();
  } finally {
    fs.closeSync(fd);
  }
}

async function withArchive<T>(path: string, use: (read: ReadArchive) => Promise<T>): Promise<T> {
  const fd = fs.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await use((bytes) => {
      const piece = Buffer.alloc(bytes);
      let done = 0;
      for (let got = -1; done < bytes && got !== 0; done += got)
        got = fs.readSync(fd, piece, done, bytes - done, null);
      return piece.subarray(0, done);
    });
  } finally {
    fs.closeSync(fd);
  }
}
