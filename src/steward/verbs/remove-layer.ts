/**
 * A layer goes; its lock stays, so that the same is laid down when it is wanted again. Tools that see it stop working.
 *
 * First it loses the name by which tools see it, then its record. After a crash the record is there, and it is done again;
 * files that are left over have a name which the next laying down removes.
 */
import { join } from "node:path";
import { removeDurably, syncDirectory } from "../../system/durable.ts";
import { layerKey, partPrefix, recordFile } from "../../system/layers/names.ts";
import { readLayer, readLayers } from "../../system/layers/record.ts";
import { done, refused, type Verb } from "../verb.ts";

export const removeLayer: Verb<"remove_layer"> = {
  async act({ disk, layers: { directory, removeTree } }, request) {
    const record = readLayer(disk, directory, request);
    if (record === null)
      return refused(
        `${request.package} (${request.language}): no layer of it is laid down: see con package list`,
      );
    const { package: name, language } = request;
    const { digest } = record;
    const aside = join(directory, `${partPrefix}gone-${layerKey(request)}`);
    removeTree(aside);
    const isOthers = readLayers(disk, directory).records.some(
      (one) => one.digest === digest && layerKey(one) !== layerKey(request),
    );
    if (!isOthers && disk.list(directory).includes(digest)) {
      disk.rename(join(directory, digest), aside);
      syncDirectory(disk, directory);
    }
    removeDurably(disk, recordFile(directory, request));
    removeTree(aside);
    return done(
      [`layer ${digest} of ${name} is gone; tools that see it do not run`],
      `con package add ${name} --language ${language}`,
    );
  },
};
