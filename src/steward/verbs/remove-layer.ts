/** A layer goes; its lock stays, so that the same is laid down when it is wanted again. Tools that see it stop working. */
import { join } from "node:path";
import { removeDurably } from "../../system/durable.ts";
import { recordFile } from "../../system/layers/names.ts";
import { readLayer, readLayers } from "../../system/layers/record.ts";
import { done, refused, type Verb } from "../verb.ts";

export const removeLayer: Verb<"remove_layer"> = {
  async act({ disk, layers: { directory, removeTree } }, request) {
    const record = readLayer(disk, directory, request);
    if (record === null)
      return refused(
        `${request.package} (${request.language}): no layer of it is laid down: see con package list`,
      );
    // The record first: without it the layer is not there for anybody who asks.
    removeDurably(disk, recordFile(directory, request));
    const others = readLayers(disk, directory).records;
    if (!others.some(({ digest }) => digest === record.digest))
      removeTree(join(directory, record.digest));
    const { package: name, language } = request;
    return done(
      [`layer ${record.digest} of ${name} is gone; tools that see it do not run`],
      `con package add ${name} --language ${language}`,
    );
  },
};
